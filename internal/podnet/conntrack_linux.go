package podnet

import (
	"maps"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"
	"golang.org/x/sys/unix"
)

// lastingTCP is the name of the policy by which the kernel remembers the pod's
// TCP connections.
const lastingTCP = "lasting_tcp"

// remembered is the kernel's own time for a connection that is open and silent.
const remembered = 5 * 24 * 3600

// closing is how long the last bytes and FINs of a connection may be sent again:
// as long as what is sent on an open one.
const closing = 300

// timeouts are in seconds, by the state of a connection. What is redirected is
// lost once the kernel has forgotten where it belongs. TCP itself knows no limit
// for a connection of which one side is closed; the kernel's tracking forgets it
// after one minute (CLOSE_WAIT) or two (FIN_WAIT). The others are the kernel's.
var timeouts = expr.CtStatePolicyTimeout{
	expr.CtStateTCPSYNSENT:     120,
	expr.CtStateTCPSYNRECV:     60,
	expr.CtStateTCPESTABLISHED: remembered,
	expr.CtStateTCPFINWAIT:     remembered,
	expr.CtStateTCPCLOSEWAIT:   remembered,
	expr.CtStateTCPLASTACK:     closing,
	expr.CtStateTCPTIMEWAIT:    120,
	expr.CtStateTCPCLOSE:       10,
	expr.CtStateTCPSYNSENT2:    120,
	expr.CtStateTCPRETRANS:     300,
	expr.CtStateTCPUNACK:       300,
}

// timeoutPolicy is an object of the table; a connection has it from its first
// packet on.
func timeoutPolicy(table *nftables.Table) *nftables.NamedObj {
	return &nftables.NamedObj{
		Table: table, Name: lastingTCP, Type: nftables.ObjTypeCtTimeout,
		Obj: &expr.CtTimeout{L3Proto: unix.NFPROTO_INET, L4Proto: unix.IPPROTO_TCP, Policy: maps.Clone(timeouts)},
	}
}

// lasting gives a connection the policy.
func lasting() rule {
	return all(tcp(), rule{&expr.Objref{Type: int(nftables.ObjTypeCtTimeout), Name: lastingTCP}})
}
