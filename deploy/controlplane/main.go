// Command controlplane is etcd, kube-apiserver and kube-controller-manager in one binary.
//
// It chooses by the name that it is called by, so that the folder of links beside it looks like any
// other set of control plane binaries (CHAKRATOR_CONTROL_PLANE_ASSETS, KUBEBUILDER_ASSETS).
package main

import (
	"fmt"
	"os"
	"path/filepath"
	_ "time/tzdata" // CronJob time zones, as in Kubernetes' own mains.

	"go.etcd.io/etcd/server/v3/etcdmain"
	"k8s.io/component-base/cli"
	_ "k8s.io/component-base/logs/json/register"
	_ "k8s.io/component-base/metrics/prometheus/clientgo"
	_ "k8s.io/component-base/metrics/prometheus/version"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	manager "k8s.io/kubernetes/cmd/kube-controller-manager/app"
)

func main() {
	switch name := filepath.Base(os.Args[0]); name {
	case "etcd":
		etcdmain.Main(os.Args)
	case "kube-apiserver":
		os.Exit(cli.Run(apiserver.NewAPIServerCommand()))
	case "kube-controller-manager":
		os.Exit(cli.Run(manager.NewControllerManagerCommand()))
	default:
		fmt.Fprintf(os.Stderr, "controlplane: called as %q; "+
			"call it as etcd, kube-apiserver or kube-controller-manager\n", name)
		os.Exit(2)
	}
}
