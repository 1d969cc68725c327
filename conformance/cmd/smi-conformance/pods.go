package main

import (
	"fmt"
	"net"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/weft-mesh/weft/conformance/actors"
)

// readyAddress answers once a server's ports are open.
const readyAddress = "127.0.0.1:8080"

func serveCommand() *cobra.Command {
	s := &actors.Server{
		Namespace: os.Getenv("SMI_NAMESPACE"), Workload: os.Getenv("SMI_WORKLOAD"),
		Version: os.Getenv("SMI_VERSION"), Pod: os.Getenv("SMI_POD"),
	}
	c := &cobra.Command{
		Use: "serve", Short: "Answer on all ports and say who answers (runs in the suite's pods)", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return s.Run(c.Context()) },
	}
	c.Flags().IntSliceVar(&s.HTTP, "http", []int{8080, 8081}, "ports for HTTP/1.1")
	c.Flags().IntSliceVar(&s.HTTP2, "http2", []int{8082}, "ports for HTTP/2 in plaintext, with prior knowledge")
	c.Flags().IntSliceVar(&s.GRPC, "grpc", []int{8079}, "ports for gRPC")
	c.Flags().IntSliceVar(&s.TCP, "tcp", []int{8078, 8077, 8076, 8075}, "ports that answer each line with one")
	c.Flags().IntSliceVar(&s.UDP, "udp", []int{8078, 8077, 8076}, "ports that answer each datagram with one")
	return c
}

func callCommand() *cobra.Command {
	return &cobra.Command{
		Use: "call", Short: "Read plans from standard input and write a report for each (runs in the suite's pods)", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			caller := actors.NewCaller()
			defer caller.Close()
			return caller.Run(c.Context(), c.InOrStdin(), c.OutOrStdout())
		},
	}
}

func receivedCommand() *cobra.Command {
	return &cobra.Command{
		Use: "received", Short: "Read questions from standard input and write which calls have reached the server (runs in the suite's pods)", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return actors.AskLedger(c.Context(), actors.LedgerSocket, c.InOrStdin(), c.OutOrStdout())
		},
	}
}

func readyCommand() *cobra.Command {
	return &cobra.Command{
		Use: "ready", Short: "Say whether the server in this pod listens (a readiness probe)", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			conn, err := net.DialTimeout("tcp", readyAddress, time.Second)
			if err != nil {
				return fmt.Errorf("the server does not listen: %w", err)
			}
			return conn.Close()
		},
	}
}
