package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

// privateDirs are the folders that the components write to. In a cluster's mount namespace each is a tmpfs.
var privateDirs = []string{
	nodeDir, containerdDir, kubeletDir, containerdRun, "/run/netns", "/run/mount", "/var/lib/cni", "/var/log/containers",
}

// nodeSysctls are what the kubelet sets for the whole machine. It shall not, so it finds them set.
var nodeSysctls = map[string]string{
	"vm/overcommit_memory":      "1",
	"vm/panic_on_oom":           "0",
	"kernel/panic":              "10",
	"kernel/panic_on_oops":      "1",
	"kernel/keys/root_maxkeys":  "1000000",
	"kernel/keys/root_maxbytes": "25000000",
}

// claimPrivateDirs makes the folders that tmpfs are mounted on, and returns what removes those that the host did
// not have, once nobody uses them.
func claimPrivateDirs() (func(), error) {
	unlock, err := lockRegistry()
	if err != nil {
		return nil, err
	}
	defer unlock()
	for _, dir := range privateDirs {
		if err := makeAndNote(dir); err != nil {
			return nil, err
		}
	}
	users, err := lockAs(usersFile(), unix.LOCK_SH)
	if err != nil {
		return nil, err
	}
	return func() { releasePrivateDirs(users) }, nil
}

func usersFile() string { return filepath.Join(registryDir, "users") }
func madeFile() string  { return filepath.Join(registryDir, "made") }

// makeAndNote makes a folder with its parents, and notes each that was not there.
func makeAndNote(dir string) error {
	if _, err := os.Stat(dir); err == nil {
		return nil
	}
	if err := makeAndNote(filepath.Dir(dir)); err != nil {
		return err
	}
	if err := os.Mkdir(dir, 0o755); err != nil && !errors.Is(err, os.ErrExist) {
		return fmt.Errorf("make a mount point: %w", err)
	}
	made, err := os.OpenFile(madeFile(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer made.Close()
	_, err = fmt.Fprintln(made, dir)
	return err
}

// releasePrivateDirs ends a claim.
func releasePrivateDirs(users *os.File) {
	unlock, err := lockRegistry()
	if err != nil {
		return
	}
	defer unlock()
	users.Close()
	tidyLocked()
}

// tidyLocked removes the folders that were made, and the registry, if nobody uses them. To remove one under a running
// cluster would take its mount away.
func tidyLocked() {
	last, err := lockAs(usersFile(), unix.LOCK_EX|unix.LOCK_NB)
	if err != nil {
		return
	}
	defer last.Close()
	removeMade()
	_ = os.RemoveAll(registryDir)
}

func removeMade() {
	file, err := os.Open(madeFile())
	if err != nil {
		return
	}
	defer file.Close()
	var dirs []string
	for lines := bufio.NewScanner(file); lines.Scan(); {
		dirs = append(dirs, lines.Text())
	}
	for i := len(dirs) - 1; i >= 0; i-- {
		// A folder that somebody else has begun to use meanwhile is not empty and stays.
		_ = unix.Rmdir(dirs[i])
	}
}

// mountPrivate gives this mount namespace its own /proc and its own empty private folders.
func mountPrivate() error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("make the mounts private: %w", err)
	}
	if err := unix.Mount("proc", "/proc", "proc", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, ""); err != nil {
		return fmt.Errorf("mount /proc: %w", err)
	}
	for _, dir := range privateDirs {
		if err := unix.Mount("tmpfs", dir, "tmpfs", unix.MS_NODEV, "mode=0755,size=80%"); err != nil {
			return fmt.Errorf("mount a tmpfs on %s: %w", dir, err)
		}
	}
	return hideSysctls()
}

// hideSysctls lays a file over each of nodeSysctls.
func hideSysctls() error {
	dir := filepath.Join(nodeDir, "sysctl")
	for name, value := range nodeSysctls {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(file, []byte(value+"\n"), 0o644); err != nil {
			return err
		}
		err := unix.Mount(file, filepath.Join("/proc/sys", name), "", unix.MS_BIND, "")
		if err != nil && !errors.Is(err, unix.ENOENT) {
			return fmt.Errorf("hide the machine's setting %s: %w", name, err)
		}
	}
	return nil
}

// runInit is process 1 of a cluster: it starts the node, takes in every orphan, and ends with the node.
func runInit(s spec) error {
	told := os.NewFile(statusFD, "status")
	node, err := startNode(s, told)
	if err != nil {
		tell(told, status{Error: err.Error()})
		return errTold
	}
	told.Close()
	for {
		pid, err := syscall.Wait4(-1, nil, 0, nil)
		if errors.Is(err, syscall.ECHILD) || pid == node.Pid {
			return errTold
		}
	}
}

func startNode(s spec, told *os.File) (*os.Process, error) {
	if err := mountPrivate(); err != nil {
		return nil, err
	}
	if err := unix.Sethostname([]byte(nodeName)); err != nil {
		return nil, fmt.Errorf("set the host name: %w", err)
	}
	argument, err := json.Marshal(s)
	if err != nil {
		return nil, err
	}
	files := []*os.File{os.Stdin, os.Stdout, os.Stderr, told, os.NewFile(listenerFD, "listener")}
	node, err := os.StartProcess(selfExe, []string{"lab", "node", string(argument)}, &os.ProcAttr{Files: files, Env: os.Environ()})
	if err != nil {
		return nil, fmt.Errorf("start the node: %w", err)
	}
	return node, nil
}

// startInside starts a command in the namespaces of a cluster, given its process 1. The command's own
// path must have been looked up before.
func startInside(initPID int, cmd *exec.Cmd) error {
	result := make(chan error, 1)
	go func() {
		// The thread is never unlocked, so it ends with this goroutine and takes its namespaces along.
		runtime.LockOSThread()
		if err := enter(initPID); err != nil {
			result <- err
			return
		}
		result <- cmd.Start()
	}()
	return <-result
}

// enter moves this thread into the namespaces of a process.
func enter(pid int) error {
	kinds := []string{"pid", "uts", "net", "mnt"}
	files := make([]*os.File, 0, len(kinds))
	for _, kind := range kinds {
		file, err := os.Open(fmt.Sprintf("/proc/%d/ns/%s", pid, kind))
		if err != nil {
			return fmt.Errorf("find the cluster's namespaces: %w", err)
		}
		defer file.Close()
		files = append(files, file)
	}
	// Threads share root and working folder, and the kernel changes a mount namespace only for who has its own.
	if err := unix.Unshare(unix.CLONE_FS); err != nil {
		return fmt.Errorf("leave the shared working folder: %w", err)
	}
	for i, file := range files {
		if err := unix.Setns(int(file.Fd()), 0); err != nil {
			return fmt.Errorf("enter the cluster's %s namespace: %w", kinds[i], err)
		}
	}
	return nil
}

// holdNamespace opens a namespace of a process and returns its name, as links in /proc read. The kernel gives a name
// away once nobody holds its namespace: what is asked by name afterwards is about somebody else.
func holdNamespace(pid int, kind string) (held *os.File, name string, err error) {
	held, err = os.Open(fmt.Sprintf("/proc/%d/ns/%s", pid, kind))
	if err != nil {
		return nil, "", err
	}
	name, err = os.Readlink(fmt.Sprintf("/proc/self/fd/%d", held.Fd()))
	if err != nil {
		held.Close()
		return nil, "", err
	}
	return held, name, nil
}

// anyProcessIn reports whether a process that is not dead is in a namespace, given by a name that is held.
func anyProcessIn(kind, namespace string) bool {
	links, _ := filepath.Glob("/proc/[0-9]*/ns/" + kind)
	for _, link := range links {
		if found, err := os.Readlink(link); err == nil && found == namespace {
			return true
		}
	}
	return false
}
