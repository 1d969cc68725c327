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

var debianPackages = []debianPackage{
	{Name: "containerd", Probe: []string{"containerd", "--version"}},
	{Name: "runc", Probe: []string{"runc", "--version"}},
	{Name: "nftables", Probe: []string{"nft", "--version"}},
	{Name: "python3-pip", Probe: []string{"python3", "-m", "pip", "--version"}},
	// What weft-metrics answers is compared with its answers.
	{Name: "prometheus", Probe: []string{"prometheus", "--version"}},
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

// installPackages installs what is missing where this process may, and otherwise says what to install.
func installPackages(out io.Writer) error {
	missing := missingPackages(debianPackages, commandWorks)
	if len(missing) == 0 {
		return nil
	}
	hint := "apt-get install --no-install-recommends " + strings.Join(missing, " ")
	if os.Geteuid() != 0 {
		return fmt.Errorf("these Debian packages are missing: %s (as root: %s)", strings.Join(missing, ", "), hint)
	}
	if _, err := exec.LookPath("apt-get"); err != nil {
		return fmt.Errorf("these packages are missing, and there is no apt-get to install them: %s", strings.Join(missing, ", "))
	}
	fmt.Fprintf(out, "lab: installing %s\n", strings.Join(missing, " "))
	if err := runQuietly(aptGet("update")); err != nil {
		return fmt.Errorf("update the package lists: %w", err)
	}
	args := append([]string{"install", "--yes", "--no-install-recommends"}, missing...)
	if err := runQuietly(aptGet(args...)); err != nil {
		return fmt.Errorf("install packages: %w", err)
	}
	if still := missingPackages(debianPackages, commandWorks); len(still) > 0 {
		return fmt.Errorf("installed, and yet these do not work: %s", strings.Join(still, ", "))
	}
	return nil
}

func aptGet(args ...string) *exec.Cmd {
	cmd := exec.Command("apt-get", append([]string{"-q", "-o", "DPkg::Lock::Timeout=120"}, args...)...)
	cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
	return cmd
}
