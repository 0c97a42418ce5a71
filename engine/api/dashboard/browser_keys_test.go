package dashboard_test

import (
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp/kb"
)

// key presses a key, or several one after the other, as a keyboard does: a page that takes a key for itself has it written nowhere.
func (b *tab) key(keys string) {
	b.Helper()
	for _, key := range keys {
		events := kb.Encode(key)
		down, up := events[0], events[len(events)-1]
		if len(events) == 3 {
			down.Type, down.Text, down.UnmodifiedText = input.DispatchKeyEventTypeKeyDown, events[1].Text, events[1].UnmodifiedText
		}
		call(b, input.DispatchKeyEvent, *down)
		call(b, input.DispatchKeyEvent, *up)
	}
}

// insert writes a text where the cursor is, as pasting it does.
func (b *tab) insert(text string) {
	b.Helper()
	call(b, input.InsertText, input.InsertTextParams{Text: text})
}
