package cluster

import (
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Process is one that is measured.
type Process struct {
	*exec.Cmd
}

// CPU is what the process has used so far, all threads, to the nanosecond: its
// clock's number is made of its PID (clock_getcpuclockid(3)).
func (p Process) CPU() (time.Duration, error) {
	const perProcess, scheduler = 0, 2
	clock := int32(^p.Process.Pid)<<3 | perProcess | scheduler
	var t unix.Timespec
	if err := unix.ClockGettime(clock, &t); err != nil {
		return 0, fmt.Errorf("CPU time of process %d: %w", p.Process.Pid, err)
	}
	return time.Duration(t.Nano()), nil
}

// Memory is a line of /proc/PID/status in bytes: VmRSS, RssAnon, VmHWM.
func (p Process) Memory(line string) (int64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.Process.Pid))
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(string(text), "\n"+line+":")
	number, _, _ := strings.Cut(strings.TrimSpace(rest), " ")
	kib, err := strconv.ParseInt(number, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%s of process %d: %w", line, p.Process.Pid, err)
	}
	return kib << 10, nil
}

// End asks the process to end, and waits for it.
func (p Process) End() error {
	if err := p.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	return p.Wait()
}

// Kill ends the process as a crash does.
func (p Process) Kill() {
	_ = p.Process.Kill() // it may have ended
	_ = p.Wait()         // it was killed
}

// Load is the machine's, for the reader of a figure.
func Load() float64 {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return 0
	}
	first, _, _ := strings.Cut(string(text), " ")
	n, _ := strconv.ParseFloat(first, 64)
	return n
}
