// Settings under names of the person's own, and settings out of any text that another tool wrote.
import * as api from './api.js'
import { h } from './dom.js'
import { confirmed, dialog, menuButton } from './dialog.js'
import { complain, notice, sentence, words } from './notices.js'
import { text } from './text.js'
import { mayHaveDrafts } from './wish.js'

let known = []
const ask = () => api.presets().then((presets) => (known = presets), () => {})

export function presetMenu(desk) {
	ask()
	return menuButton({
		label: text.presets.title,
		sign: 'bookmark',
		entries: () => [
			...known.map((preset) => ({ label: preset.name, icon: 'settings', run: () => take(desk, preset) })),
			{ label: text.presets.keep, icon: 'plus', run: () => keep(desk) },
			...(known.length ? [{ label: text.presets.manage, icon: 'trash', run: manage }] : []),
			{ label: text.presets.paste, icon: 'paste', run: () => pasteInfotext(desk) },
			{ label: text.presets.reset, icon: 'undo', run: () => reset(desk) },
		],
	})
}

function take(desk, preset) {
	if (preset.damaged) return notice(sentence(preset.damaged), { kind: 'bad' })
	desk.takeWish(preset.wish)
	notice(text.presets.taken(preset.name))
}

function reset(desk) {
	desk.takeWish({})
	desk.setPrompt({ negative: null })
	notice(text.presets.wasReset)
}

async function keep(desk) {
	const name = h('input', { type: 'text', id: 'preset-name', maxlength: 60, required: true, placeholder: text.presets.example })
	const withPrompt = h('input', { type: 'checkbox', id: 'preset-prompt' })
	const answer = await dialog({
		title: text.presets.keep,
		build: (close) =>
			h(
				'form',
				{
					onsubmit: (event) => {
						event.preventDefault()
						if (name.value.trim()) close(name.value.trim())
					},
				},
				h('label', { for: 'preset-name' }, text.presets.name),
				name,
				h('label.check', withPrompt, text.presets.withPrompt),
				h('div.row.end', h('button.button.primary', { type: 'submit' }, text.common.save)),
			),
	})
	if (!answer) return
	const wish = { ...desk.settings }
	for (const key of ['strength', 'size', ...(mayHaveDrafts(desk) ? ['drafts'] : [])]) if (desk.own[key] !== undefined) wish[key] = desk.own[key]
	if (withPrompt.checked) Object.assign(wish, { prompt: desk.promptText, negative: desk.negativeText })
	try {
		if (!(await put(answer, wish))) return
		await ask()
		notice(text.presets.kept(answer))
	} catch (error) {
		complain(error)
	}
}

/** Whether it was kept; what there is under the name already is replaced only where the person says so. */
async function put(name, wish) {
	try {
		await api.keepPreset(name, wish)
	} catch (error) {
		if (error.status !== 409) throw error
		if (!(await confirmed({ title: text.presets.replaceTitle(name), body: text.presets.replaceBody, yes: text.presets.replace }))) return false
		await api.keepPreset(name, wish, true)
	}
	return true
}

function manage() {
	return dialog({
		title: text.presets.title,
		build: (close) =>
			h(
				'ul.plain-list',
				known.map((preset) =>
					h(
						'li.row.between',
						h('span', preset.name),
						h(
							'button.button.small',
							{ onclick: async () => {
									close()
									try {
										await api.dropPreset(preset.name)
										await ask()
										notice(text.presets.dropped(preset.name), preset.damaged ? undefined : { label: text.common.undo, action: () => api.keepPreset(preset.name, preset.wish).then(ask, complain) })
									} catch (error) {
										complain(error)
									}
								},
							},
							text.presets.drop,
						),
					),
				),
			),
	})
}

/** Any text with a prompt and settings, as A1111 and its like write it under their pictures. */
export async function pasteInfotext(desk) {
	const area = h('textarea', { id: 'infotext', rows: 9, class: 'written small', 'aria-label': text.presets.paste, placeholder: text.presets.pasteExample })
	const wrong = h('p.field-error', { role: 'alert' })
	const answer = await dialog({
		title: text.presets.paste,
		wide: true,
		build: (close) => [
			h('p.quiet', text.presets.pasteBody),
			area,
			wrong,
			h(
				'div.row.end',
				h(
					'button.button.primary',
					{ id: 'read-infotext',
						onclick: async () => {
							try {
								close(await api.readInfotext(area.value))
							} catch (error) {
								wrong.textContent = words(error)
							}
						},
					},
					text.presets.fillIn,
				),
			),
		],
	})
	if (!answer) return
	desk.takeWish(answer.wish)
	notice(text.presets.filled)
	for (const note of answer.notes) notice(sentence(note))
}
