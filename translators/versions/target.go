package versions

// PortField is how the latest version would name the port of a TrafficTarget's
// destination, had it one.
const PortField = "spec.destination.port"

var flatTarget = []rename{{"destination", "destination"}, {"sources", "sources"}, {"rules", "specs"}}

// v1alpha1 is flat, and has specs for rules.
func targetV1Up(w *work) {
	lift(w.object, flatTarget)
	targetV2Up(w)
}

func targetV1Down(w *work) {
	targetV2Down(w)
	flatten(w.object, flatTarget)
}

// v1alpha2 has a port of the destination.
func targetV2Up(w *work) {
	delete(w.kept, keptPort)
	destination := mapAt(mapAt(w.object, "spec"), "destination")
	port, ok := destination["port"]
	if !ok {
		return
	}
	delete(destination, "port")
	w.kept[keptPort] = map[string]any{"value": port, "of": clone(destination)}
}

func targetV2Down(w *work) {
	port, ok := keptPortOf(w.object, w.kept)
	delete(w.kept, keptPort)
	if ok {
		mapAt(mapAt(w.object, "spec"), "destination")["port"] = port
	}
}

// keptPortOf is the port that is kept for an object of the hub. It holds as
// long as the destination is the one that it was written for.
func keptPortOf(object, kept map[string]any) (any, bool) {
	entry, _ := kept[keptPort].(map[string]any)
	port, ok := entry["value"]
	destination, isMap := mapAt(object, "spec")["destination"].(map[string]any)
	if !ok || !isMap || !same(entry["of"], destination) {
		return nil, false
	}
	return port, true
}

// Port is what an object of the latest version keeps of an older one's
// destination.port: all that it allows, it allows at that port of the pods
// alone.
func Port(object map[string]any) (any, bool) {
	return keptPortOf(object, open(object).kept)
}

// StalePort tells that an object keeps a port of a destination that it had
// before, and so is about every port now.
func StalePort(object map[string]any) bool {
	kept := open(object).kept
	_, there := kept[keptPort]
	_, holds := keptPortOf(object, kept)
	return there && !holds
}
