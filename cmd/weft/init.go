package main

import (
	"errors"
	"fmt"
	"net/netip"
	"os"

	"github.com/spf13/cobra"

	"github.com/weft-mesh/weft/internal/podnet"
)

func initCommand() *cobra.Command {
	var spec podnet.Spec
	var services string
	cmd := &cobra.Command{
		Use:   "init",
		Short: "Lead this pod's traffic through its sidecar (run by the init container weft-init)",
		Long: `Lead the TCP traffic of the network namespace that this runs in through the sidecar,
and its UDP to Services, and close it to UDP from outside. It needs CAP_NET_ADMIN and nothing else. Running it again
replaces what it did before. The injector adds it to every pod of the mesh; the flags come from
the pod's annotations weft.mesh/exclude-*.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			exclude, err := podnet.Parse(spec)
			if err != nil {
				return err
			}
			config := podnet.NewConfig(exclude)
			if config.ServiceCIDRs, err = podnet.ParseCIDRs(services); err != nil {
				return fmt.Errorf("--%s: %w", podnet.FlagServiceCIDRs, err)
			}
			if config.Nameservers, err = nameservers(); err != nil {
				return err
			}
			if err := podnet.Apply(cmd.Context(), config); err != nil {
				return fmt.Errorf("redirect the pod's traffic: %w", err)
			}
			return nil
		},
	}
	f := cmd.Flags()
	f.StringVar(&spec.InboundPorts, podnet.FlagExcludeInboundPorts, "", `ports of the pod to leave alone, as in "9100,53/udp"; a bare number means TCP and UDP`)
	f.StringVar(&spec.OutboundPorts, podnet.FlagExcludeOutboundPorts, "", `ports that the pod calls to leave alone, as in "5432,6379"`)
	f.StringVar(&spec.OutboundCIDRs, podnet.FlagExcludeOutboundCIDRs, "", `addresses that the pod calls to leave alone, as in "192.0.2.0/24,2001:db8::/64"`)
	f.StringVar(&services, podnet.FlagServiceCIDRs, "", `the cluster's Service addresses, as in "10.96.0.0/12,fd00:10::/108"; UDP to them is led through the sidecar`)
	return cmd
}

// nameservers are the pod's own.
func nameservers() ([]netip.Addr, error) {
	text, err := os.ReadFile("/etc/resolv.conf")
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("find the pod's nameservers: %w", err)
	}
	return podnet.Nameservers(string(text)), nil
}
