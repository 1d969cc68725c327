package main

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"strings"
)

// kubectl runs kubectl, as a user does, and returns what it wrote.
func kubectl(ctx context.Context, args ...string) (string, error) {
	var out, problems bytes.Buffer
	command := exec.CommandContext(ctx, "kubectl", args...)
	command.Stdout, command.Stderr = &out, &problems
	if err := command.Run(); err != nil {
		return "", fmt.Errorf("kubectl %s: %w: %s", strings.Join(args, " "), err, strings.TrimSpace(problems.String()))
	}
	return out.String(), nil
}

// applied shortens what kubectl apply says to a line: objects without their group, or how many they are.
func applied(output string) string {
	lines := strings.Split(strings.TrimSpace(output), "\n")
	if len(lines) > 3 {
		return fmt.Sprintf("%d objects applied", len(lines))
	}
	for i, l := range lines {
		kind, rest, _ := strings.Cut(l, "/")
		kind, _, _ = strings.Cut(kind, ".")
		lines[i] = kind + "/" + rest
	}
	return strings.Join(lines, ", ")
}
