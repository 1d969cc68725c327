package controllers

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
)

// hooks answers the webhooks of cluster.
var hooks webhookServer

// cluster is the API server that the tests of this package share; nil where
// WEFT_NO_APISERVER=1 says that there is none.
var cluster *rest.Config

func TestMain(m *testing.M) {
	os.Exit(withCluster(m.Run))
}

func withCluster(run func() int) int {
	if os.Getenv("WEFT_NO_APISERVER") == "1" {
		return run()
	}
	assets, err := assets()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	if os.Getenv("WEFT_TEST_LOG") != "" {
		ctrl.SetLogger(zap.New(zap.UseDevMode(true), zap.WriteTo(os.Stderr)))
	} else {
		ctrl.SetLogger(zap.New(zap.WriteTo(discard{})))
	}
	env := &envtest.Environment{
		BinaryAssetsDirectory: assets,
		CRDDirectoryPaths:     []string{filepath.Join("..", "config", "crd")},
		ErrorIfCRDPathMissing: true,
	}
	cluster, err = env.Start()
	if err != nil {
		fmt.Fprintln(os.Stderr, "start the API server:", err)
		return 1
	}
	hooks = serveWebhooks()
	defer hooks.Close()
	if err := hooks.convert(cluster); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() {
		if err := env.Stop(); err != nil {
			fmt.Fprintln(os.Stderr, "stop the API server:", err)
		}
	}()
	return run()
}

type discard struct{}

func (discard) Write(b []byte) (int, error) { return len(b), nil }

// assets is where etcd and kube-apiserver are.
func assets() (string, error) {
	for _, dir := range []string{os.Getenv("KUBEBUILDER_ASSETS"), filepath.Join("..", "bin")} {
		if _, err := os.Stat(filepath.Join(dir, "kube-apiserver")); dir != "" && err == nil {
			return dir, nil
		}
	}
	return "", fmt.Errorf("these tests need etcd and kube-apiserver: make lab builds them into bin, " +
		"or KUBEBUILDER_ASSETS names where they are; WEFT_NO_APISERVER=1 leaves the tests out")
}

// needCluster gives a client of the API server.
func needCluster(t *testing.T) client.Client {
	t.Helper()
	if cluster == nil {
		t.Skip("WEFT_NO_APISERVER=1: not run against an API server")
	}
	s, err := Scheme()
	if err != nil {
		t.Fatal(err)
	}
	c, err := client.New(cluster, client.Options{Scheme: s})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// eventually waits for a condition; it fails the test with what is still
// missing, and never in less than the time that a loaded machine may need.
func eventually(t *testing.T, what string, check func(ctx context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for {
		err := check(ctx)
		if err == nil {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("%s: %v", what, err)
		case <-ticker.C:
		}
	}
}
