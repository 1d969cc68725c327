//go:build linux

package main

import (
	"encoding/binary"
	"fmt"
	"os"
	"strconv"
	"unsafe"

	"golang.org/x/sys/unix"
)

// counter counts an event of the kernel's in all threads that a process has.
type counter struct{ files []int }

// instructions are those that a process retires. Many virtual machines do not
// count them.
func instructions(pid int) (*counter, error) {
	return newCounter(pid, unix.PERF_TYPE_HARDWARE, unix.PERF_COUNT_HW_INSTRUCTIONS)
}

func newCounter(pid int, kind uint32, config uint64) (*counter, error) {
	threads, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
	if err != nil {
		return nil, fmt.Errorf("list threads: %w", err)
	}
	c := &counter{}
	for _, t := range threads {
		id, err := strconv.Atoi(t.Name())
		if err != nil {
			return nil, fmt.Errorf("list threads: %w", err)
		}
		attr := unix.PerfEventAttr{Type: kind, Config: config}
		attr.Size = uint32(unsafe.Sizeof(attr))
		fd, err := unix.PerfEventOpen(&attr, id, -1, -1, unix.PERF_FLAG_FD_CLOEXEC)
		if err != nil {
			c.close()
			return nil, fmt.Errorf("count events of thread %d: %w", id, err)
		}
		c.files = append(c.files, fd)
	}
	return c, nil
}

func (c *counter) read() (float64, error) {
	sum := uint64(0)
	for _, fd := range c.files {
		var b [8]byte
		if _, err := unix.Read(fd, b[:]); err != nil {
			return 0, fmt.Errorf("read a counter: %w", err)
		}
		sum += binary.NativeEndian.Uint64(b[:])
	}
	return float64(sum), nil
}

func (c *counter) close() {
	for _, fd := range c.files {
		_ = unix.Close(fd) // it was only read
	}
}
