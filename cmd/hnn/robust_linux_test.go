package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// smallDisk mounts a file system of the given number of bytes. Only root may do that.
func smallDisk(t *testing.T, size int) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%d", size)); err != nil {
		t.Skipf("no small file system can be mounted here: %v", err)
	}
	t.Cleanup(func() { syscall.Unmount(dir, 0) })
	return dir
}

// only checks that the directory has one file of the given name and content.
func only(t *testing.T, path string, want []byte) {
	t.Helper()
	if got := contents(t, path); !bytes.Equal(got, want) {
		t.Errorf("%s has changed", path)
	}
	if files, _ := os.ReadDir(filepath.Dir(path)); len(files) != 1 {
		t.Errorf("left %v", files)
	}
}

// If the disk is full when a table, a model or a checkpoint is written, the old file stays whole
// and there is no other file.
func TestFullDisk(t *testing.T) {
	full := "no space left on device"
	dir := smallDisk(t, 64<<10)
	old := filepath.Join(dir, "old")
	if err := os.WriteFile(old, []byte("old\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	fails(t, hnn(t, "", "simulate", "-n", "20", "-o", old), 1, full)
	only(t, old, []byte("old\n"))

	data := filepath.Join(trainData(t), "data.csv")
	fails(t, hnn(t, "", "train", "-quiet", "-hidden", "64,64", "-epochs", "1", "-o", old, data), 1, full)
	only(t, old, []byte("old\n"))

	// The first checkpoint fits, a second beside it does not.
	args := func(ckpt, model string) []string {
		return []string{"train", "-quiet", "-hidden", "32,32", "-epochs", "40", "-checkpoint", ckpt, "-every", "10", "-o", model, data}
	}
	free := t.TempDir()
	path := func(name string) string { return filepath.Join(free, name) }
	must(t, args(path("c"), path("whole.json"))...)
	ckpt := filepath.Join(smallDisk(t, 3*len(contents(t, path("c")))/2), "c")
	fails(t, hnn(t, "", args(ckpt, path("m.json"))...), 1, full)
	if _, err := loadCheckpoint(ckpt); err != nil {
		t.Fatal(err)
	}
	only(t, ckpt, contents(t, ckpt))
	if _, err := os.Stat(path("m.json")); err == nil {
		t.Error("a failed training wrote its model")
	}
	if err := os.WriteFile(path("moved"), contents(t, ckpt), 0o644); err != nil {
		t.Fatal(err)
	}
	must(t, "train", "-quiet", "-resume", path("moved"), "-o", path("m.json"), data)
	if !bytes.Equal(contents(t, path("m.json")), contents(t, path("whole.json"))) {
		t.Error("the resumed training ends in another model")
	}
}

// Writing to a full device fails. If the reader of a pipe goes away, the program ends without
// a message.
func TestFullAndClosed(t *testing.T) {
	fails(t, hnn(t, "", "simulate", "-o", "/dev/full"), 1, "no space left on device")
	if fi, err := os.Stat("/dev/full"); err != nil || fi.Mode()&os.ModeCharDevice == 0 {
		t.Fatal("/dev/full was replaced", fi, err)
	}
	cmd := program("simulate")
	device, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer device.Close()
	var errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = device, &errs
	if cmd.Run() == nil || !strings.Contains(errs.String(), "no space left") {
		t.Errorf("status %d: %s", cmd.ProcessState.ExitCode(), errs.String())
	}

	cmd = program("simulate", "-n", "50")
	errs.Reset()
	cmd.Stderr = &errs
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReaderSize(out, 16).ReadString('\n'); err != nil || !strings.HasPrefix(line, "run,t,q") {
		t.Error(line, err)
	}
	out.Close()
	cmd.Wait()
	if s := cmd.ProcessState.Sys().(syscall.WaitStatus); errs.Len() > 0 || !(s.Signaled() && s.Signal() == syscall.SIGPIPE) && s.ExitStatus() > 1 {
		t.Errorf("status %v: %s", s, errs.String())
	}
}

// A training that is stopped and continued, or that ignores hangups, goes on.
func TestStopContinue(t *testing.T) {
	dir := trainData(t)
	must(t, trainArgs(dir)...)
	want := contents(t, filepath.Join(dir, "m.json"))
	cmd := exec.Command("nohup", append([]string{os.Args[0]}, trainArgs(dir)...)...)
	cmd.Env = append(os.Environ(), "HNN_TEST_MAIN=1")
	if err := cmd.Start(); errors.Is(err, exec.ErrNotFound) {
		t.Skip("no nohup")
	} else if err != nil {
		t.Fatal(err)
	}
	time.Sleep(100 * time.Millisecond)
	for _, sig := range []syscall.Signal{syscall.SIGSTOP, syscall.SIGHUP, syscall.SIGCONT} {
		cmd.Process.Signal(sig)
		time.Sleep(30 * time.Millisecond)
	}
	if err := cmd.Wait(); err != nil || !bytes.Equal(contents(t, filepath.Join(dir, "m.json")), want) {
		t.Errorf("%v, or another model", err)
	}
}

// Two trainings that write one checkpoint leave a whole one.
func TestTwoWriters(t *testing.T) {
	dir := trainData(t)
	ckpt := filepath.Join(dir, "c")
	var cmds []*exec.Cmd
	for i := range 2 {
		args := []string{"train", "-quiet", "-hidden", "16", "-epochs", "30", "-seed", strconv.Itoa(i), "-checkpoint", ckpt, "-every", "1",
			"-o", filepath.Join(dir, fmt.Sprint(i)), filepath.Join(dir, "data.csv")}
		cmds = append(cmds, program(args...))
		if err := cmds[i].Start(); err != nil {
			t.Fatal(err)
		}
	}
	for i, cmd := range cmds {
		if err := cmd.Wait(); err != nil {
			t.Error(i, err)
		}
	}
	if _, err := loadCheckpoint(ckpt); err != nil {
		t.Error(err)
	}
	if files, _ := os.ReadDir(dir); len(files) != 4 { // the data, the checkpoint, two models
		t.Errorf("left %v", files)
	}
}

// A model file of a gigabyte of brackets, or a pipe, is refused at once.
func TestHugeModel(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "deep.json")
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.CopyN(f, endless("["), 100<<20); err != nil {
		t.Fatal(err)
	}
	f.Close()
	cmd := program("rollout", name)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	start := time.Now()
	cmd.Run()
	peak := cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss >> 10
	if took := time.Since(start); cmd.ProcessState.ExitCode() != 1 || took > time.Second || peak > 64 || strings.Count(errs.String(), "\n") != 1 {
		t.Errorf("status %d in %v and %d MiB: %s", cmd.ProcessState.ExitCode(), took, peak, errs.String())
	}
}

// A million rows are read in less than two seconds. A gigabyte takes less than four gigabytes
// of memory. An endless line and an endless input are refused.
func TestLargeFiles(t *testing.T) {
	if !*long {
		t.Skip("only with -long")
	}
	dir := t.TempDir()
	fill := func(name string, rows int) (size int64) {
		f, err := os.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		w := bufio.NewWriter(f)
		fmt.Fprintln(w, "run,t,q,p,dq,dp")
		for i := range rows {
			u := float64(i) / 100
			q, p := math.Cos(u), math.Sin(u)
			fmt.Fprintf(w, "0,%v,%v,%v,%v,%v\n", u, q, -p, -p, -q)
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		n, _ := f.Seek(0, io.SeekEnd)
		return n
	}
	read := func(in io.Reader, args ...string) (took time.Duration, peak int64, text string) {
		cmd := program(append([]string{"train", "-q", "none", "-p", "p"}, args...)...)
		var errs bytes.Buffer
		cmd.Stderr, cmd.Stdin = &errs, in
		start := time.Now()
		cmd.Run()
		return time.Since(start), int64(cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss) << 10, errs.String()
	}
	name := filepath.Join(dir, "data.csv")
	fill(name, 1_000_000)
	took, _, text := read(nil, name)
	if t.Logf("10⁶ rows: %v", took); took > 2*time.Second || !strings.Contains(text, "missing column none") {
		t.Error(text)
	}
	size := fill(name, 12_000_000)
	took, peak, text := read(nil, name)
	if t.Logf("%d bytes: %v, %d bytes of memory", size, took, peak); size < 1<<30 || peak > 4*size || !strings.Contains(text, "missing column none") {
		t.Error(text)
	}
	os.Remove(name)
	took, peak, text = read(io.LimitReader(endless("1"), 1<<30), "-")
	if t.Logf("a line of 1 GiB: %v, %d bytes of memory", took, peak); peak > 64<<20 || !strings.Contains(text, "line longer than") {
		t.Error(text)
	}
	took, peak, text = read(io.MultiReader(strings.NewReader("q,p\n"), endless("1,2\n")), "-")
	if t.Logf("endless: %v, %d bytes of memory", took, peak); peak > 6<<30 || !strings.Contains(text, "cells") {
		t.Error(text)
	}
}

// endless repeats itself.
type endless string

func (e endless) Read(b []byte) (int, error) {
	n := 0
	for n+len(e) <= len(b) {
		n += copy(b[n:], e)
	}
	return n, nil
}

// The program needs no network and no home directory, and writes only to the given place.
func TestOffline(t *testing.T) {
	dir := t.TempDir()
	work, out := filepath.Join(dir, "work"), filepath.Join(dir, "out")
	if err := os.Mkdir(work, 0o555); err != nil {
		t.Fatal(err)
	}
	cmd := program(append([]string{"spring", "-out", out}, little...)...)
	cmd.Dir = work
	cmd.Env = []string{"HNN_TEST_MAIN=1", "HOME=" + filepath.Join(dir, "none"), "TMPDIR=" + filepath.Join(dir, "none")}
	if os.Getuid() == 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET} // no interface is up
	}
	if b, err := cmd.CombinedOutput(); errors.Is(err, syscall.EPERM) {
		t.Skip("no network namespace can be made here")
	} else if err != nil {
		t.Fatal(err, string(b))
	}
	if files, _ := os.ReadDir(dir); len(files) != 2 {
		t.Errorf("left %v", files)
	}
	if files, _ := os.ReadDir(work); len(files) != 0 {
		t.Errorf("left %v", files)
	}
}
