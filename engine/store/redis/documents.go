package redis

import (
	"context"
	"fmt"

	"github.com/flyball-dev/flyball/engine/store"
)

// paper is a document as it is packed: JSON would write its body in another way.
type paper struct {
	Document store.Document `json:"d"`
	Body     []byte         `json:"b"`
}

func (p *packer) packDocument(d store.Document) ([]byte, error) {
	one := paper{d, d.Body}
	one.Document.Body = nil
	return p.pack(one)
}

func readDocument(name, packed string) (store.Document, error) {
	one, err := unpack[paper](packed)
	if err == nil && one.Document.Name != name {
		err = fmt.Errorf("it says that it is %s", one.Document.Name)
	}
	if err != nil {
		return store.Document{}, fmt.Errorf("posted policy %s: %w", name, err)
	}
	one.Document.Body = one.Body
	return one.Document, nil
}

// Documents lists the policies that came by the API, by name.
func (s *Store) Documents(ctx context.Context) ([]store.Document, error) {
	documents, err := listed(ctx, s, documentField, readDocument)
	if err != nil {
		return nil, fmt.Errorf("read the policies that came by the API: %w", err)
	}
	return documents, nil
}

// PutDocument keeps a policy in the place of the one of its name whose version is was; was "": there is none. Else it is
// store.ErrChanged.
func (s *Store) PutDocument(ctx context.Context, d store.Document, was string, e store.Entry) error {
	packed, err := s.packDocument(d)
	if err == nil {
		err = s.alter(ctx, e, func(now turned) (change, error) {
			return change{field: documentField + d.Name, value: packed}, now.holds(d.Name, was)
		})
	}
	if err != nil {
		return fmt.Errorf("keep policy %s: %w", d.Name, err)
	}
	return nil
}

// RemoveDocument forgets the one of a name and version; else it is store.ErrChanged.
func (s *Store) RemoveDocument(ctx context.Context, name, was string, e store.Entry) error {
	err := s.alter(ctx, e, func(now turned) (change, error) {
		err := now.holds(name, was)
		if was == "" {
			err = store.ErrChanged
		}
		return change{drop: []string{documentField + name}}, err
	})
	if err != nil {
		return fmt.Errorf("forget policy %s: %w", name, err)
	}
	return nil
}

// holds is store.ErrChanged where the policy of a name is not of a version; "": where there is one.
func (t turned) holds(name, version string) error {
	packed, there := t.fields[documentField+name]
	if !there && version == "" {
		return nil
	}
	if !there {
		return store.ErrChanged
	}
	d, err := readDocument(name, packed)
	if err == nil && (version == "" || d.Version != version) {
		err = store.ErrChanged
	}
	return err
}
