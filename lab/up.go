package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// up starts a cluster that outlives this process.
func up(s spec, out io.Writer) error {
	signals := notifySignals()
	start := time.Now()
	k, err := startKeeper(s)
	if err != nil {
		return err
	}
	select {
	case told := <-k.status:
		if told.Error != "" {
			<-k.exited
			return fmt.Errorf("start the cluster: %s", told.Error)
		}
	case sig := <-signals:
		_ = k.cmd.Process.Signal(syscall.SIGTERM)
		<-k.exited
		return fmt.Errorf("the start was ended by the signal %q", sig.String())
	}
	fmt.Fprintf(out, "lab: cluster %s is ready after %.1f s; it ends with: lab down --name %s\n",
		s.Name, time.Since(start).Seconds(), s.Name)
	return nil
}

// down ends a cluster and waits until nothing is left of it.
func down(name string) error {
	if os.Geteuid() != 0 {
		return errors.New("run this as root")
	}
	c, err := findCluster(name)
	if err != nil {
		return err
	}
	keeper, err := unix.PidfdOpen(c.Keeper, 0)
	if err != nil {
		return fmt.Errorf("find the keeper of cluster %s: %w", name, err)
	}
	defer unix.Close(keeper)
	if err := unix.PidfdSendSignal(keeper, unix.SIGTERM, nil, 0); err != nil {
		return fmt.Errorf("end cluster %s: %w", name, err)
	}
	fds := []unix.PollFd{{Fd: int32(keeper), Events: unix.POLLIN}}
	for {
		if _, err := unix.Poll(fds, -1); !errors.Is(err, unix.EINTR) {
			break
		}
	}
	// What a failing keeper left is swept up here.
	_, err = listClusters()
	return err
}
