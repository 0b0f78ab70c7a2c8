package main

import "os"

// hangup is a signal that is not known here.
var hangup os.Signal
