//go:build purego || !(amd64 || arm64)

package kernel

func vectorSets() []Set { return nil }
