/** Our few pictures, drawn here: no font, no request. They only accompany words, so readers aloud skip them. */
import type { ComponentChildren } from "preact";

function Icon({ children, size = 16 }: { children: ComponentChildren; size?: number }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      stroke-width="1.6"
      stroke-linecap="round"
      stroke-linejoin="round"
      aria-hidden="true"
      class="icon"
    >
      {children}
    </svg>
  );
}

export const IconCheck = () => (
  <Icon>
    <circle cx="8" cy="8" r="6.4" />
    <path d="m5.2 8.2 2 2 3.6-4.2" />
  </Icon>
);
export const IconCross = () => (
  <Icon>
    <circle cx="8" cy="8" r="6.4" />
    <path d="m5.8 5.8 4.4 4.4m0-4.4-4.4 4.4" />
  </Icon>
);
export const IconWarn = () => (
  <Icon>
    <path d="M8 2 1.6 13.4h12.8L8 2Z" />
    <path d="M8 6.4v3.2M8 11.6v.01" />
  </Icon>
);
export const IconInfo = () => (
  <Icon>
    <circle cx="8" cy="8" r="6.4" />
    <path d="M8 7.4v3.4M8 5v.01" />
  </Icon>
);
export const IconPause = () => (
  <Icon>
    <path d="M5.6 3.6v8.8M10.4 3.6v8.8" />
  </Icon>
);
export const IconPlay = () => (
  <Icon>
    <path d="m5 3.4 7.4 4.6L5 12.6V3.4Z" />
  </Icon>
);
export const IconUndo = () => (
  <Icon>
    <path d="M3 6.4h6.6a3.4 3.4 0 0 1 0 6.8H6" />
    <path d="M5.8 3.4 2.8 6.4l3 3" />
  </Icon>
);
export const IconChevron = () => (
  <Icon size={12}>
    <path d="m5.5 3 5 5-5 5" />
  </Icon>
);
export const IconDot = () => (
  <Icon>
    <circle cx="8" cy="8" r="5.6" stroke-dasharray="2.4 2" />
  </Icon>
);

/** The wheel of the product's name. */
export const Mark = () => (
  <svg
    width="22"
    height="22"
    viewBox="0 0 32 32"
    fill="none"
    stroke="currentColor"
    stroke-width="2.4"
    stroke-linecap="round"
    aria-hidden="true"
  >
    <circle cx="16" cy="16" r="12.5" />
    <circle cx="16" cy="16" r="3.4" fill="currentColor" stroke="none" />
    <path d="M16 3.5v7M16 21.5v7M3.5 16h7M21.5 16h7M7.2 7.2l4.9 4.9M19.9 19.9l4.9 4.9M7.2 24.8l4.9-4.9M19.9 12.1l4.9-4.9" />
  </svg>
);
