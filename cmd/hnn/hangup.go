//go:build !js

package main

import (
	"os"
	"syscall"
)

// hangup is the signal of a terminal that is closed.
var hangup os.Signal = syscall.SIGHUP
