//go:build purego || !(amd64 || arm64)

package kernel

func detect() instructionSet { return plain }

func vectorSets() []instructionSet { return nil }
