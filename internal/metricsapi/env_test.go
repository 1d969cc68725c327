package metricsapi

import (
	"bytes"
	"cmp"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"flag"
	"fmt"
	"io"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	testclock "k8s.io/utils/clock/testing"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"

	"github.com/weft-mesh/weft/internal/metricsapi/inventory"
)

// clusterUnderTest is an API server that aggregates the server of this package.
type clusterUnderTest struct {
	env     *envtest.Environment
	dir     string
	kubectl string
	configs map[string]string
	source  *fakeSource
	// clock is stepped for watches.
	clock *testclock.FakeClock
}

// world is shared by the tests; nil where WEFT_NO_APISERVER=1 says that there
// is no API server.
var world *clusterUnderTest

func TestMain(m *testing.M) { os.Exit(withWorld(m.Run)) }

func withWorld(run func() int) int {
	flag.Parse()
	// Each process that fuzzes would have an API server of its own.
	if os.Getenv("WEFT_NO_APISERVER") == "1" || flag.Lookup("test.fuzz").Value.String() != "" {
		return run()
	}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	dir, err := os.MkdirTemp("", "metricsapi")
	if err == nil {
		defer os.RemoveAll(dir)
		world, err = start(ctx, dir)
	}
	if world != nil {
		defer world.env.Stop()
		defer stop() // what is being served would hold the API server up
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return run()
}

func start(ctx context.Context, dir string) (*clusterUnderTest, error) {
	ctrl.SetLogger(zap.New(zap.WriteTo(os.Stderr)))
	assets := cmp.Or(os.Getenv("KUBEBUILDER_ASSETS"), filepath.Join("..", "..", "bin"))
	kubectl := filepath.Join(assets, "kubectl")
	if _, err := os.Stat(kubectl); err != nil {
		return nil, fmt.Errorf("these tests need etcd, kube-apiserver and kubectl: make lab builds them, KUBEBUILDER_ASSETS names " +
			"where they are; WEFT_NO_APISERVER=1 leaves the tests out")
	}
	w := &clusterUnderTest{
		env: &envtest.Environment{
			BinaryAssetsDirectory: assets,
			CRDDirectoryPaths:     []string{filepath.Join("..", "..", "config", "crd", "split.smi-spec.io_trafficsplits.yaml")},
			ErrorIfCRDPathMissing: true,
		},
		dir: dir, kubectl: kubectl, configs: map[string]string{}, source: &fakeSource{},
		clock: testclock.NewFakeClock(time.Now()),
	}
	if err := w.frontProxy(); err != nil {
		return nil, err
	}
	config, err := w.env.Start()
	if err != nil {
		return nil, fmt.Errorf("start the API server: %w", err)
	}
	for user, groups := range map[string][]string{"admin": {"system:masters"}, "pods-only": nil, "all-traffic": nil, "nobody": nil} {
		added, err := w.env.AddUser(envtest.User{Name: user, Groups: groups}, nil)
		if err != nil {
			return w, err
		}
		text, err := added.KubeConfig()
		if err != nil {
			return w, err
		}
		w.configs[user] = filepath.Join(dir, user)
		if err := os.WriteFile(w.configs[user], text, 0o600); err != nil {
			return w, err
		}
	}
	port, err := w.serve(ctx, config)
	if err != nil {
		return w, err
	}
	return w, w.fill(port)
}

// fill applies what exists, and registers the API.
func (w *clusterUnderTest) fill(port int) error {
	for _, file := range []string{"shop.yaml", "apiservice.yaml"} {
		text, err := os.ReadFile(filepath.Join("testdata", file))
		if err != nil {
			return err
		}
		text = bytes.ReplaceAll(text, []byte("PORT"), []byte(strconv.Itoa(port)))
		if out, err := w.run("admin", string(text), "apply", "-f", "-"); err != nil {
			return fmt.Errorf("apply %s: %w: %s", file, err, out)
		}
	}
	out, err := w.run("admin", "", "wait", "--for=condition=Available", "--timeout=60s", "apiservice/v1alpha1.metrics.smi-spec.io", "apiservice/v1alpha2.metrics.smi-spec.io")
	if err != nil {
		return fmt.Errorf("wait for the API: %w: %s", err, out)
	}
	return nil
}

// serve starts the server as weft does, outside of the cluster.
func (w *clusterUnderTest) serve(ctx context.Context, config *rest.Config) (int, error) {
	client, err := rest.HTTPClientFor(config)
	if err != nil {
		return 0, err
	}
	mapper, err := apiutil.NewDynamicRESTMapper(config, client)
	if err != nil {
		return 0, err
	}
	cacheOptions := inventory.CacheOptions()
	cacheOptions.Mapper = mapper
	objects, err := cache.New(config, cacheOptions)
	if err != nil {
		return 0, err
	}
	if err := inventory.Watch(ctx, objects); err != nil {
		return 0, err
	}
	go objects.Start(ctx)
	o := NewOptions()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	o.SecureServing.Listener = listener
	o.SecureServing.ServerCert.CertDirectory = w.dir
	if err := o.SecureServing.MaybeDefaultWithSelfSignedCerts("localhost", nil, nil); err != nil {
		return 0, err
	}
	o.Authentication.RemoteKubeConfigFile = w.configs["admin"]
	o.Authorization.RemoteKubeConfigFile = w.configs["admin"]
	o.Clock, o.ShutdownDelay = w.clock, 0
	o.Source, o.Inventory = w.source, inventory.New(objects, mapper)
	server, err := New(o)
	if err != nil {
		return 0, err
	}
	go server.PrepareRun().RunWithContext(ctx)
	return listener.Addr().(*net.TCPAddr).Port, nil
}

// frontProxy lets the API server show aggregated ones who it is.
func (w *clusterUnderTest) frontProxy() error {
	ca, caKey, err := certificate(w.dir, "ca", nil, nil)
	if err != nil {
		return err
	}
	if _, _, err := certificate(w.dir, "front-proxy", ca, caKey); err != nil {
		return err
	}
	w.env.ControlPlane.GetAPIServer().Configure().
		Set("requestheader-client-ca-file", filepath.Join(w.dir, "ca.crt")).
		Set("requestheader-allowed-names", "front-proxy").
		Set("requestheader-username-headers", "X-Remote-User").
		Set("requestheader-group-headers", "X-Remote-Group").
		Set("requestheader-extra-headers-prefix", "X-Remote-Extra-").
		Set("proxy-client-cert-file", filepath.Join(w.dir, "front-proxy.crt")).
		Set("proxy-client-key-file", filepath.Join(w.dir, "front-proxy.key"))
	return nil
}

func certificate(dir, name string, ca *x509.Certificate, caKey *ecdsa.PrivateKey) (*x509.Certificate, *ecdsa.PrivateKey, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, BasicConstraintsValid: true, IsCA: ca == nil,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	if ca == nil {
		ca, caKey = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, ca, &key.PublicKey, caKey)
	if err != nil {
		return nil, nil, err
	}
	private, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return nil, nil, err
	}
	for file, block := range map[string]*pem.Block{
		name + ".crt": {Type: "CERTIFICATE", Bytes: der}, name + ".key": {Type: "EC PRIVATE KEY", Bytes: private},
	} {
		if err := os.WriteFile(filepath.Join(dir, file), pem.EncodeToMemory(block), 0o600); err != nil {
			return nil, nil, err
		}
	}
	return template, key, nil
}

// run is kubectl as a user; it gives all that was printed.
func (w *clusterUnderTest) run(user, input string, args ...string) (string, error) {
	command := exec.Command(w.kubectl, append([]string{"--kubeconfig", w.configs[user], "--cache-dir", filepath.Join(w.dir, "cache")}, args...)...)
	command.Stdin = strings.NewReader(input)
	out, err := command.CombinedOutput()
	return string(out), err
}

func needWorld(t *testing.T) *clusterUnderTest {
	t.Helper()
	if world == nil {
		t.Skip("WEFT_NO_APISERVER=1: not run against an API server")
	}
	return world
}

// must is what kubectl prints as the user all-traffic.
func (w *clusterUnderTest) must(t *testing.T, args ...string) string {
	t.Helper()
	out, err := w.run("all-traffic", "", args...)
	if err != nil {
		t.Fatalf("kubectl %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}

// raw is what a GET of a path answers, an error too.
func (w *clusterUnderTest) raw(t *testing.T, user, path string) string {
	t.Helper()
	config, err := clientcmd.BuildConfigFromFlags("", w.configs[user])
	if err != nil {
		t.Fatal(err)
	}
	client, err := rest.HTTPClientFor(config)
	if err != nil {
		t.Fatal(err)
	}
	response, err := client.Get(config.Host + path)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}
