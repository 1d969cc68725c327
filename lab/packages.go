package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
)

// debianPackage is a package that the lab needs, and a command that shows whether it is there. The command may
// come from another package as well, as containerd does from Docker's.
type debianPackage struct {
	Name string
	// Probe is run; the package is missing if it can't be.
	Probe []string
}

// debianPackages are what every cluster needs.
var debianPackages = []debianPackage{
	{Name: "containerd", Probe: []string{"containerd", "--version"}},
	{Name: "runc", Probe: []string{"runc", "--version"}},
	{Name: "nftables", Probe: []string{"nft", "--version"}},
	{Name: "python3-pip", Probe: []string{"python3", "-m", "pip", "--version"}},
}

// missingPackages names what is needed and not there.
func missingPackages(wanted []debianPackage, works func(probe []string) bool) []string {
	var missing []string
	for _, p := range wanted {
		if !works(p.Probe) {
			missing = append(missing, p.Name)
		}
	}
	return missing
}

func commandWorks(probe []string) bool { return exec.Command(probe[0], probe[1:]...).Run() == nil }

// mayInstall is an error that says what to install, where something is missing that this process can't install.
func mayInstall(packages []debianPackage) error {
	missing := missingPackages(packages, commandWorks)
	if len(missing) == 0 {
		return nil
	}
	if os.Geteuid() != 0 {
		return fmt.Errorf("these Debian packages are missing: %s (as root: apt-get install --no-install-recommends %s)",
			strings.Join(missing, ", "), strings.Join(missing, " "))
	}
	if _, err := exec.LookPath("apt-get"); err != nil {
		return fmt.Errorf("these packages are missing, and there is no apt-get to install them: %s", strings.Join(missing, ", "))
	}
	return nil
}

// installPackages installs what is missing.
func installPackages(out io.Writer, packages []debianPackage) error {
	missing := missingPackages(packages, commandWorks)
	if len(missing) == 0 {
		return nil
	}
	fmt.Fprintf(out, "lab: installing %s\n", strings.Join(missing, " "))
	if err := runQuietly(aptGet("update")); err != nil {
		return fmt.Errorf("update the package lists: %w", err)
	}
	args := append([]string{"install", "--yes", "--no-install-recommends"}, missing...)
	if err := runQuietly(aptGet(args...)); err != nil {
		return fmt.Errorf("install packages: %w", err)
	}
	if still := missingPackages(packages, commandWorks); len(still) > 0 {
		return fmt.Errorf("installed, and yet these do not work: %s", strings.Join(still, ", "))
	}
	return nil
}

func aptGet(args ...string) *exec.Cmd {
	cmd := exec.Command("apt-get", append([]string{"-q", "-o", "DPkg::Lock::Timeout=120"}, args...)...)
	cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
	return cmd
}
