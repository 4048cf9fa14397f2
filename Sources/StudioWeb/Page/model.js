// The model: the one that was suggested with its reason, the runners-up, and how to get what is not here.
import { fill, h, say, set } from './dom.js'
import { sentence } from './notices.js'
import { state } from './store.js'
import { text } from './text.js'

export function modelField(desk, scope) {
	const control = h('select', { id: 'model', 'aria-describedby': 'model-reason' })
	const reason = h('p.quiet.small', { id: 'model-reason' })
	const others = h('details.runners-up')
	const installed = state.models.filter((model) => model.installed)
	const missing = state.models.filter((model) => !model.installed)
	control.append(
		h('option', { value: '' }),
		...installed.map((model) => h('option', { value: model.name }, model.title)),
		...(missing.length ? [h('optgroup', { label: text.model.missing }, missing.map((model) => h('option', { value: model.name, disabled: true }, model.title)))] : []),
	)
	control.addEventListener('change', () => desk.set({ model: control.value || undefined }))
	const title = (name) => state.models.find((model) => model.name === name)?.title ?? name

	function show() {
		const planned = desk.planned?.order.model
		const suggested = desk.picture?.model
		say(control.options[0], planned && !desk.settings.model ? text.settings.byItself(title(planned)) : text.settings.usualChoice)
		control.value = desk.settings.model ?? ''
		const chosen = desk.settings.model ?? planned
		say(
			reason,
			suggested && chosen === suggested.name
				? sentence(suggested.reason)
				: desk.settings.model
					? (state.models.find((model) => model.name === chosen)?.description ?? '')
					: planned && suggested
						? text.model.other(title(planned), title(suggested.name))
						: (state.models.find((model) => model.name === chosen)?.description ?? ''),
		)
		const runners = suggested?.runnersUp ?? []
		const list = runners.length
			? runners.map((one) => ({ ...one, title: title(one.name) }))
			: missing.map((model) => ({ name: model.name, title: model.title, installed: false, howToGet: model.howToGet }))
		set(others, 'hidden', list.length === 0)
		if (others.childElementCount === 0) {
			fill(
				others,
				h('summary', text.model.runnersUp),
				h(
					'ul',
					list.map((one) =>
						h(
							'li',
							h(
								'div.row.between',
								h('strong', one.title),
								h('span.quiet.small', [one.score !== undefined && text.model.score(one.score), one.installed ? text.model.here : text.model.notHere].filter(Boolean).join(' · ')),
							),
							one.installed
								? h('button.text-button.small', { onclick: () => desk.set({ model: one.name }) }, text.model.take)
								: one.howToGet && h('p.quiet.small', one.howToGet),
						),
					),
				),
			)
		}
	}

	scope.add(desk.on('settings', show))
	scope.add(desk.on('plan', show))
	scope.add(desk.on('picture', () => {
		fill(others)
		show()
	}))
	show()
	return h('div.field.model', { data: { field: 'model' } }, h('label', { for: 'model' }, text.model.title), control, reason, others)
}
