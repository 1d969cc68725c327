package main

import (
	"errors"
	"fmt"
	"os"
	"runtime"
)

func init() {
	// A child that is to die with its parent dies with the thread that started it, so main stays on one.
	runtime.LockOSThread()
}

func main() {
	code := 0
	if err := rootCommand(&code).Execute(); err != nil {
		if !errors.Is(err, errTold) {
			fmt.Fprintln(os.Stderr, "lab:", err)
		}
		if code == 0 {
			code = 1
		}
	}
	os.Exit(code)
}
