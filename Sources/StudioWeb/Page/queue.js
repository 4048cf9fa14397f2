// The queue: what is made, what waits and in which order, what is over.
import * as api from './api.js'
import { fill, h } from './dom.js'
import { dialog } from './dialog.js'
import { tool } from './icons.js'
import { complain, emptyState, sentence } from './notices.js'
import { addresses } from './router.js'
import { isOver, jobsInOrder, on, takeJobs } from './store.js'
import { text } from './text.js'

let isOpen = false

export async function openQueue() {
	if (isOpen) return
	isOpen = true
	const list = h('div.queue')
	let end
	await dialog({
		title: text.queue.title,
		side: true,
		build: (close) => {
			const show = () => draw(list, close)
			end = on('jobs', show)
			show()
			return list
		},
	})
	end()
	isOpen = false
}

function draw(list, close) {
	const jobs = jobsInOrder()
	const open = jobs.filter((job) => !isOver(job))
	const over = jobs.filter(isOver)
	if (!jobs.length) {
		delete list.dataset.key
		fill(list, emptyState({ title: text.queue.empty, body: text.queue.emptyBody, sign: 'queue' }))
		return
	}
	const key = jobs.map((job) => `${job.id}${job.state}${job.position}${job.previewAt ? 'p' : ''}`).join()
	// A step moves figures and leaves the rows, their focus and what is being dragged alone.
	if (list.dataset.key === key) return move(list, open)
	list.dataset.key = key
	const focused = document.activeElement?.dataset?.act
	fill(
		list,
		open.length > 0 && h('ol.jobs', { 'aria-label': text.queue.waiting }, open.map((job, index) => row(job, index, open, close))),
		over.length > 0 && h('div.section-head', h('h3', text.queue.over), h('button.text-button.small', { onclick: clear }, text.queue.clear)),
		over.length > 0 && h('ol.jobs.over', { 'aria-label': text.queue.over }, over.slice(0, 60).map((job) => row(job, 0, [], close))),
	)
	if (focused) list.querySelector(`[data-act="${focused}"]`)?.focus()
}

function move(list, open) {
	for (const job of open) {
		const node = list.querySelector(`[data-job="${job.id}"]`)
		if (!node) continue
		node.querySelector('.job-words').textContent = text.queue.words(job)
		node.querySelector('progress').value = job.state === 'running' ? job.progress : 0
		const image = node.querySelector('img')
		const address = job.previewAt && api.previewAddress(job.id, job.previewAt)
		if (image && address && image.getAttribute('src') !== address) image.src = address
	}
}

function row(job, index, open, close) {
	const waits = job.state === 'queued'
	const running = job.state === 'running'
	const image = running && job.previewAt ? api.previewAddress(job.id, job.previewAt) : job.outputs?.[0] ? api.below(job.outputs[0], 'thumbnail') : job.picture ? api.thumbnailAddress({ id: job.picture }) : null
	const place = job.generation ? addresses.result(job.picture, job.generation, 0) : addresses.desk(job.picture)
	const act = (name, sign, label, run, disabled = false) => tool(sign, label, run, { disabled, data: { act: `${name}${job.id}` } })
	const before = waits && open[index - 1]?.state === 'queued' ? open[index - 1] : null
	const after = waits ? open[index + 1] : null
	const node = h(
		'li',
		{ class: `job ${job.state}`, data: { job: job.id }, draggable: waits ? 'true' : null },
		image ? h('img.job-picture', { src: image, alt: '' }) : h('span.job-picture'),
		h(
			'div.job-body',
			h('a', { href: '#' + place, class: 'job-title', onclick: () => close() }, text.queue.heading(job)),
			h('p.quiet.small.figure', text.queue.facts(job)),
			h('p.quiet.small.job-words', isOver(job) ? [text.queue.states[job.state], job.message && job.state !== 'done' && sentence(job.message)].filter(Boolean).join(': ') : text.queue.words(job)),
			job.damaged && h('p.small.bad', sentence(job.damaged)),
			!isOver(job) && h('progress', { max: 1, value: running ? job.progress : 0, 'aria-label': text.queue.progress }),
		),
		waits && act('up', 'up', text.queue.up, () => api.moveJob(job.id, before.id).catch(complain), !before),
		waits && act('down', 'down', text.queue.down, () => api.moveJob(job.id, open[index + 2]?.id ?? null).catch(complain), !after),
		!isOver(job) && act('cancel', 'cross', text.common.cancel, () => api.cancelJob(job.id).catch(complain)),
	)
	if (waits) drag(node, job)
	return node
}

function drag(node, job) {
	node.addEventListener('dragstart', (event) => {
		event.dataTransfer.setData('application/x-redraw-job', String(job.id))
		event.dataTransfer.effectAllowed = 'move'
	})
	node.addEventListener('dragover', (event) => {
		if ([...event.dataTransfer.types].includes('application/x-redraw-job')) {
			event.preventDefault()
			node.classList.add('target')
		}
	})
	node.addEventListener('dragleave', () => node.classList.remove('target'))
	node.addEventListener('drop', (event) => {
		node.classList.remove('target')
		const moved = Number(event.dataTransfer.getData('application/x-redraw-job'))
		if (!moved || moved === job.id) return
		event.preventDefault()
		api.moveJob(moved, job.id).catch(complain)
	})
}

async function clear() {
	try {
		await api.clearJobs()
		takeJobs(await api.jobs())
	} catch (error) {
		complain(error)
	}
}
