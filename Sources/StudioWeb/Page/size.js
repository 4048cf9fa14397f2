// The size: as suggested, as the picture, the other way round, or typed.
import { clamp, h, say, set } from './dom.js'
import { icon } from './icons.js'
import { state } from './store.js'
import { text } from './text.js'

export function sizeField(desk, scope) {
	const side = (label, id) => h('input', { type: 'number', step: 8, 'aria-label': label, id, inputmode: 'numeric' })
	const width = side(text.size.width, 'width')
	const height = side(text.size.height, 'height')
	const swap = h('button.icon-button.small', { tip: text.size.swap, onclick: swapSides }, icon('swap'))
	const usual = h('button.text-button.small', { onclick: () => desk.set({ size: undefined }) }, text.settings.usual)
	const asPicture = h('button.text-button.small', { onclick: () => desk.set({ size: 'picture' }) }, text.size.asPicture)
	const reason = h('p.quiet.small')
	set(asPicture, 'hidden', desk.id === null)

	/** What was said, else what it comes to. */
	const shown = (input) => input.value || input.placeholder
	function swapSides() {
		if (shown(width) && shown(height)) desk.set({ size: `${shown(height)}x${shown(width)}` })
	}

	const typed = () => {
		const rule = state.models.find((model) => model.name === desk.planned?.order.model)?.sizes
		const whole = (value) => {
			const multiple = rule?.multiple ?? 8
			return clamp(Math.round(Number(value) / multiple) * multiple || multiple, rule?.min ?? multiple, rule?.max ?? Infinity)
		}
		if (!width.value && !height.value) desk.set({ size: undefined })
		else if (shown(width) && shown(height)) desk.set({ size: `${whole(shown(width))}x${whole(shown(height))}` })
	}
	for (const input of [width, height]) input.addEventListener('change', typed)

	function show() {
		const order = desk.planned?.order
		if (document.activeElement !== width) width.value = order?.width ?? ''
		if (document.activeElement !== height) height.value = order?.height ?? ''
		// Where the model's own size is taken, the plan knows it.
		const working = desk.planned?.plan.runs[0]?.sizes.at(-1)
		for (const [input, side] of [[width, 'width'], [height, 'height']]) set(input, 'placeholder', working?.[side] || '')
		const own = desk.own.size
		set(usual, 'hidden', own === undefined)
		set(asPicture, 'aria-pressed', String(own === 'picture'))
		const model = state.models.find((one) => one.name === order?.model)
		for (const input of [width, height]) set(input, 'step', model?.sizes?.multiple ?? 8)
		const suggested = desk.picture?.size
		say(reason, own === 'picture' ? text.size.isPicture : own ? text.size.isOwn : suggested && suggested.width === order?.width && suggested.height === order?.height ? suggested.reason : text.size.isUsual(order?.model ?? ''))
	}

	scope.add(desk.on('settings', show))
	scope.add(desk.on('plan', show))
	show()
	return h(
		'div.field.size',
		{ data: { field: 'size' } },
		h('div.field-head', h('span.field-label', text.size.title), usual, asPicture),
		h('div.size-row', width, h('span', { 'aria-hidden': 'true' }, '×'), height, swap),
		reason,
	)
}
