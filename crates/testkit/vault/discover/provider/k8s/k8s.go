// Package k8s would ask Kubernetes.
package k8s

import "log"

// Provider finds no addresses.
type Provider struct{}

func (*Provider) Addrs(map[string]string, *log.Logger) ([]string, error) { return nil, nil }

func (*Provider) Help() string { return "" }
