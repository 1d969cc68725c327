package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
)

// rootCommand is the command line. A command that is run for the user leaves its exit code in code.
func rootCommand(code *int) *cobra.Command {
	root := &cobra.Command{
		Use:   "lab",
		Short: "A single-node Kubernetes for weft, in namespaces of its own",
		Long: `lab builds and runs a single-node Kubernetes in namespaces of its own, with weft in it if asked.
It needs root, a few Debian packages, Go and pip; no Docker, and no image registry.`,
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.CompletionOptions.DisableDefaultCmd = true
	root.AddCommand(buildCommand(), imageCommand(), runClusterCommand(code), upCommand(), downCommand(), statusCommand(), execCommand(code), cleanCommand())
	root.AddCommand(internalCommands()...)
	return root
}

func buildCommand() *cobra.Command {
	var with []string
	cmd := &cobra.Command{
		Use:   "build [--with PART,...]",
		Short: "Build all that a cluster needs, as far as it has changed",
		Long: `Build installs missing Debian packages (as root; otherwise it names them), builds Kubernetes, etcd, CoreDNS, the CNI
plugins and fortio at the versions of lab/pins, takes Envoy from its wheel, builds weft from this checkout, and makes the
images. The first time takes minutes, after that only what has changed is built.

With --with it builds parts that few commands need too: ` + strings.Join(partNames(), ", ") + `.
What was built once stays in this checkout's clusters until its pin changes.

All of it lies in $` + homeVariable + `, or else in weft-lab in the user's cache folder.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			l, err := findLayout()
			if err != nil {
				return err
			}
			return build(l, with, cmd.ErrOrStderr())
		},
	}
	cmd.Flags().StringSliceVar(&with, "with", nil, "further parts to build: "+strings.Join(partNames(), ", "))
	return cmd
}

func imageCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "image FILE",
		Short: "Write the image of weft to a file",
		Long: `Image builds weft from this checkout, and nothing else, and writes its image as an archive, as docker load and
kind load image-archive take it.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			l, err := findLayout()
			if err != nil {
				return err
			}
			return exportImage(l, args[0], cmd.ErrOrStderr())
		},
	}
}

func runClusterCommand(code *int) *cobra.Command {
	var want wanted
	cmd := &cobra.Command{
		Use:   "run [flags] -- COMMAND [ARGUMENT...]",
		Short: "Run a command in a fresh cluster, which ends with it",
		Long: `Run starts a fresh cluster, runs the command in its namespaces, and exits as the command did. The command has
KUBECONFIG set, kubectl, weft, envoy and fortio on PATH, and the working folder of the caller. It sees the cluster's
network, so it can reach pods and Services by address, and nothing outside.

However it ends, nothing is left: no process, mount, link, control group or file, but the logs that are asked for.`,
		Example: `  lab run -- kubectl get nodes
  lab run --mesh --keep-logs logs -- ./e2e.test`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			l, err := findLayout()
			if err != nil {
				return err
			}
			s, err := newSpec(l, runName(), want)
			if err != nil {
				return err
			}
			*code, err = runCommand(l, s, cmd.ErrOrStderr(), args)
			return err
		},
	}
	cmd.Flags().SetInterspersed(false)
	want.addFlags(cmd)
	return cmd
}

// wanted is what the user wants of a cluster.
type wanted struct {
	mesh, dualStack bool
	logs            string
	// with names the parts that must have been built.
	with []string
}

func (w *wanted) addFlags(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&w.mesh, "mesh", false, "install weft from config/default")
	cmd.Flags().BoolVar(&w.dualStack, "dual-stack", false, "give pods an IPv6 address too, and Services that ask for it")
	cmd.Flags().StringVar(&w.logs, "keep-logs", "", "write the logs of the cluster and its pods to this folder")
	cmd.Flags().StringSliceVar(&w.with, "with", nil, "fail unless these parts are built: "+strings.Join(partNames(), ", "))
}

func upCommand() *cobra.Command {
	var want wanted
	var name string
	var port int
	cmd := &cobra.Command{
		Use:   "up [flags]",
		Short: "Start a cluster that stays",
		Long: `Up starts a cluster that stays until lab down, and prints the KUBECONFIG by which the host reaches it. The API server
listens on 127.0.0.1; Services are reached with kubectl port-forward.`,
		Example: `  eval "$(lab up --mesh)"
  kubectl get pods -A`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			l, err := findLayout()
			if err != nil {
				return err
			}
			s, err := newSpec(l, name, want)
			if err != nil {
				return err
			}
			s.Stay, s.Port = true, port
			if err := up(s, cmd.ErrOrStderr()); err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "export KUBECONFIG=%s\nexport PATH=%s:%s:\"$PATH\"\n",
				kubeconfigFile(name), filepath.Dir(l.weft()), l.bin())
			return nil
		},
	}
	addNameFlag(cmd, &name)
	want.addFlags(cmd)
	cmd.Flags().IntVar(&port, "port", 0, "port of the API server on 127.0.0.1 (0: any free one)")
	return cmd
}

func addNameFlag(cmd *cobra.Command, name *string) {
	cmd.Flags().StringVar(name, "name", "default", "name of the cluster")
}

func downCommand() *cobra.Command {
	var name string
	cmd := &cobra.Command{
		Use:   "down [--name NAME]",
		Short: "End a cluster that was started with up",
		Args:  cobra.NoArgs,
		RunE:  func(*cobra.Command, []string) error { return down(name) },
	}
	addNameFlag(cmd, &name)
	return cmd
}

func statusCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "status",
		Short: "List the clusters that run on this machine",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			clusters, err := listClusters()
			if err != nil {
				return err
			}
			table := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 3, ' ', 0)
			fmt.Fprintln(table, "NAME\tSTATE\tAGE\tMESH\tSERVER\tKEEPER")
			for _, c := range clusters {
				state, server := "starting", c.Server
				if c.Ready {
					state = "ready"
				}
				if server == "" {
					server = "-"
				}
				fmt.Fprintf(table, "%s\t%s\t%s\t%t\t%s\t%d\n", c.Name, state,
					time.Since(c.Started).Round(time.Second), c.Mesh, server, c.Keeper)
			}
			return table.Flush()
		},
	}
}

func execCommand(code *int) *cobra.Command {
	var name string
	cmd := &cobra.Command{
		Use:     "exec [--name NAME] -- COMMAND [ARGUMENT...]",
		Short:   "Run a command in the namespaces of a running cluster",
		Example: "  lab exec -- ctr -n k8s.io containers ls\n  lab exec --name run-1234 -- kubectl get pods -A",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			l, err := findLayout()
			if err != nil {
				return err
			}
			c, err := findCluster(name)
			if err != nil {
				return err
			}
			inside, err := userCommand(l, c.Name, args)
			if err != nil {
				*code = 127
				return err
			}
			*code, err = runInside(c, inside, notifySignals())
			return err
		},
	}
	cmd.Flags().SetInterspersed(false)
	addNameFlag(cmd, &name)
	return cmd
}

func cleanCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "clean",
		Short: "Remove all that build has made",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			l, err := findLayout()
			if err != nil {
				return err
			}
			return clean(l)
		},
	}
}

// internalCommands are the lab's own processes.
func internalCommands() []*cobra.Command {
	withSpec := func(name string, run func(spec) error) *cobra.Command {
		return &cobra.Command{Use: name, Hidden: true, Args: cobra.ExactArgs(1), RunE: func(_ *cobra.Command, args []string) error {
			var s spec
			if err := json.Unmarshal([]byte(args[0]), &s); err != nil {
				return fmt.Errorf("read the cluster's specification: %w", err)
			}
			return run(s)
		}}
	}
	return []*cobra.Command{
		withSpec("keeper", keep),
		withSpec("init", runInit),
		withSpec("node", runNode),
		{Use: "fill-store", Hidden: true, Args: cobra.MinimumNArgs(2), RunE: func(_ *cobra.Command, args []string) error {
			if os.Getpid() != 1 {
				return errors.New("fill-store runs in namespaces of its own only")
			}
			return fillStore(args[0], args[1:])
		}},
	}
}
