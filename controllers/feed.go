package controllers

import (
	"k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/weft-mesh/weft/translators/model"
)

// feed brings the objects of one kind into the Sink.
type feed struct {
	kind model.Kind
	// object is what is watched; of SMI's kinds the follower knows.
	object client.Object
	// optional tells that the kind's CRD may come later.
	optional bool
	// convert says what an object means; a nil fragment is one that is not in
	// force.
	convert func(client.Object) (model.Fragment, []model.Diagnostic)
}

// feeds are the kinds that the mesh is made of, beside those of SMI: one file,
// one line here.
func feeds() []feed {
	return []feed{
		namespaceFeed(),
		serviceFeed(),
		endpointSliceFeed(),
		podFeed(),
		meshConfigFeed(),
	}
}

// handler puts every state of an object in the order in which the informer
// tells of them. Its initial list is over when the informer says HasSynced.
// The Sink drops what means the same as before.
func (f feed) handler(sink Sink, told func(model.Ref, client.Object, []model.Diagnostic)) cache.ResourceEventHandler {
	put := func(object any) {
		o, ok := object.(client.Object)
		if !ok {
			return
		}
		fragment, diagnostics := f.convert(o)
		ref := refOf(f.kind, o)
		if fragment == nil {
			sink.Delete(ref)
		} else {
			sink.Put(fragment)
		}
		told(ref, o, diagnostics)
	}
	return cache.ResourceEventHandlerFuncs{
		AddFunc:    put,
		UpdateFunc: func(_, object any) { put(object) },
		DeleteFunc: func(object any) {
			if last, ok := object.(cache.DeletedFinalStateUnknown); ok {
				object = last.Obj
			}
			if o, ok := object.(client.Object); ok {
				ref := refOf(f.kind, o)
				sink.Delete(ref)
				told(ref, nil, nil)
			}
		},
	}
}

func refOf(kind model.Kind, o client.Object) model.Ref {
	return model.Ref{Kind: kind, Key: model.Key{Namespace: o.GetNamespace(), Name: o.GetName()}}
}

// generic keeps a typed nil out of the interface.
func generic[T any, P interface {
	*T
	model.Fragment
}](fragment P) model.Fragment {
	if fragment == nil {
		return nil
	}
	return fragment
}
