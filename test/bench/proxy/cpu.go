//go:build linux

package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// envoyCPUs are the last, which Envoys have for themselves if there is another;
// all where time is measured, so that no thread of theirs waits for another.
func (s settings) envoyCPUs() *unix.CPUSet {
	var set unix.CPUSet
	for cpu := range runtime.NumCPU() {
		if s.timed || cpu == runtime.NumCPU()-1 {
			set.Set(cpu)
		}
	}
	return &set
}

// leaveLastCPU keeps this process off the Envoys' CPU.
func leaveLastCPU() error {
	cpus := runtime.NumCPU()
	if cpus < 2 {
		return nil
	}
	var others unix.CPUSet
	for cpu := range cpus - 1 {
		others.Set(cpu)
	}
	threads, err := os.ReadDir("/proc/self/task")
	if err != nil {
		return fmt.Errorf("list threads: %w", err)
	}
	for _, t := range threads {
		id, err := strconv.Atoi(t.Name())
		if err != nil {
			return fmt.Errorf("list threads: %w", err)
		}
		if err := unix.SchedSetaffinity(id, &others); err != nil && !errors.Is(err, unix.ESRCH) {
			return fmt.Errorf("leave the last CPU to Envoys: %w", err)
		}
	}
	runtime.GOMAXPROCS(cpus - 1)
	return nil
}

// cpuTime is what a process has used: the first field of /proc/PID/schedstat of
// its threads, which counts nanoseconds where /proc/PID/stat counts hundredths of
// a second.
func cpuTime(pid int) (time.Duration, error) {
	files, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", pid))
	if err != nil || len(files) == 0 {
		return 0, fmt.Errorf("process %d has no threads: %w", pid, errors.Join(err, os.ErrNotExist))
	}
	var sum time.Duration
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			continue // the thread has ended
		}
		first, _, _ := strings.Cut(string(text), " ")
		n, err := strconv.ParseInt(first, 10, 64)
		if err != nil {
			return 0, fmt.Errorf("%s: %w", file, err)
		}
		sum += time.Duration(n)
	}
	return sum, nil
}

// privateBytes is the memory that a process shares with nobody, which is what
// another sidecar costs.
func privateBytes(pid int) (int, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	if err != nil {
		return 0, fmt.Errorf("read memory: %w", err)
	}
	for line := range strings.Lines(string(text)) {
		if fields := strings.Fields(line); len(fields) == 3 && fields[0] == "Private_Dirty:" {
			kib, err := strconv.Atoi(fields[1])
			return kib << 10, err
		}
	}
	return 0, fmt.Errorf("process %d does not tell its private memory", pid)
}
