package model

import "strings"

// WorkloadDomain ends the DNS name of every workload. Nothing in the cluster is
// dialled by such a name.
const WorkloadDomain = ".workload.weft.mesh"

// DNSName is the workload as its pods' certificates name it:
// "name.kind.namespace.workload.weft.mesh". It is empty for an unknown one.
func (w Workload) DNSName(namespace string) string {
	if w.Kind == "" || w.Name == "" || namespace == "" {
		return ""
	}
	return w.Name + "." + w.Kind + "." + namespace + WorkloadDomain
}

// ParseWorkloadDNSName reads what DNSName wrote. Names may have dots, kinds and
// namespaces have none.
func ParseWorkloadDNSName(s string) (namespace string, w Workload, ok bool) {
	rest, ok := strings.CutSuffix(s, WorkloadDomain)
	if !ok {
		return "", Workload{}, false
	}
	rest, namespace, ok = cutLast(rest)
	if !ok {
		return "", Workload{}, false
	}
	w.Name, w.Kind, ok = cutLast(rest)
	if !ok {
		return "", Workload{}, false
	}
	return namespace, w, true
}

// cutLast cuts around the last dot; not ok where a side of it is empty.
func cutLast(s string) (before, after string, ok bool) {
	i := strings.LastIndexByte(s, '.')
	if i <= 0 || i == len(s)-1 {
		return "", "", false
	}
	return s[:i], s[i+1:], true
}
