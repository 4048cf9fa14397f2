// Pictures come in: dropped anywhere, pasted, picked. What is refused says why; the rest goes on.
import * as api from './api.js'
import { h, set } from './dom.js'
import { complain, notice, words } from './notices.js'
import { addresses, go, here } from './router.js'
import { tell } from './store.js'
import { text } from './text.js'

const atOnce = 3

const input = h('input', { type: 'file', accept: 'image/*', multiple: true, hidden: true, id: 'pick', 'aria-label': text.library.add })

/** Asks for files and takes them in. */
export const pickPictures = () => input.click()

/** How often a file is sent again that the server had no room for: it may be taking in those of others. */
const mostTries = 30

/** What is still being taken in; the next files wait for it. */
let before = Promise.resolve()

/** Takes files in, a few at once. Opens the picture where it is only one. */
export const takeIn = (files) => (before = before.then(() => takeAllIn(files)).catch(complain))

async function takeAllIn(files) {
	const waiting = [...files]
	const total = waiting.length
	const taken = []
	const refused = []
	if (!total) return
	tell('intake', { done: 0, total })
	const work = async () => {
		for (let file = waiting.shift(); file; file = waiting.shift()) {
			try {
				taken.push(await sent(file))
			} catch (error) {
				refused.push({ name: file.name || text.intake.pasted, reason: words(error) })
			}
			tell('intake', { done: taken.length + refused.length, total })
		}
	}
	await Promise.all(Array.from({ length: Math.min(atOnce, total) }, work))
	tell('intake', null)
	for (const one of refused.slice(0, 3)) notice(text.intake.refused(one.name, one.reason), { kind: 'bad' })
	if (refused.length > 3) notice(text.intake.moreRefused(refused.length - 3), { kind: 'bad' })
	if (taken.length) tell('library')
	if (taken.length === 1 && total === 1) go(addresses.picture(taken[0].id))
	else if (taken.length) {
		notice(text.intake.taken(taken.length))
		if (here().name !== 'library') go(addresses.library)
	}
}

async function sent(file) {
	for (let tries = 1; ; tries += 1) {
		try {
			return await api.upload(file, file.name || text.intake.pasted)
		} catch (error) {
			if (!error.retryAfter || tries === mostTries) throw error
			await new Promise((resolve) => setTimeout(resolve, error.retryAfter * 1000))
		}
	}
}

/** The files that were dropped; of folders, the pictures in them. */
async function filesOf(transfer) {
	// Entries can be asked for only while the event lasts.
	const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean)
	if (!entries.some((entry) => entry.isDirectory)) return [...transfer.files]
	return (await Promise.all(entries.map(filesIn))).flat()
}

/** What cannot be read is told, and the rest goes on. */
const filesIn = (entry) =>
	(entry.isDirectory ? picturesIn(entry) : new Promise((resolve, reject) => entry.file((file) => resolve([file]), reject))).catch((error) => {
		notice(text.intake.refused(entry.name, text.intake.unreadable), { kind: 'bad' })
		console.warn(error)
		return []
	})

async function picturesIn(folder) {
	const reader = folder.createReader()
	const piece = () => new Promise((resolve, reject) => reader.readEntries(resolve, reject))
	const found = []
	// A folder is told piece by piece, until nothing more comes.
	for (let entries = await piece(); entries.length; entries = await piece()) {
		for (const entry of entries) found.push(...(await filesIn(entry)))
	}
	return found.filter((file) => file.type.startsWith('image/') || /\.(hei[cf]|avif|tiff?)$/i.test(file.name))
}

export async function takeFolder(folder) {
	try {
		const answer = await api.takeFolder(folder.id)
		notice(text.intake.folder(answer.added, folder.name))
		for (const one of answer.passedOver.slice(0, 3)) notice(text.intake.refused(one.name, one.reason), { kind: 'bad' })
		if (answer.passedOver.length > 3) notice(text.intake.moreRefused(answer.passedOver.length - 3), { kind: 'bad' })
		tell('library')
	} catch (error) {
		complain(error)
	}
}

/** The whole window takes what is dropped or pasted. */
export function catchPictures() {
	const veil = h('div.drop-veil', { hidden: true }, h('p', text.intake.drop))
	document.body.append(veil, input)
	input.addEventListener('change', () => {
		takeIn([...input.files])
		input.value = ''
	})
	const holdsFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes('Files')
	let depth = 0
	addEventListener('dragenter', (event) => {
		if (!holdsFiles(event)) return
		depth += 1
		set(veil, 'hidden', false)
	})
	addEventListener('dragleave', (event) => {
		if (!holdsFiles(event)) return
		depth -= 1
		if (depth <= 0) set(veil, 'hidden', true)
	})
	addEventListener('dragover', (event) => {
		if (holdsFiles(event)) event.preventDefault()
	})
	addEventListener('drop', (event) => {
		if (!holdsFiles(event)) return
		event.preventDefault()
		depth = 0
		set(veil, 'hidden', true)
		filesOf(event.dataTransfer).then((files) => (files.length ? takeIn(files) : notice(text.intake.noPictures)), complain)
	})
	addEventListener('paste', (event) => {
		const files = [...(event.clipboardData?.files ?? [])].filter((file) => file.type.startsWith('image/'))
		// A table's or a document's words come with a picture of them: in a field the words are meant.
		const isWords = event.target.closest?.('input, textarea') && event.clipboardData.types.includes('text/plain')
		if (!files.length || isWords) return
		event.preventDefault()
		takeIn(files)
	})
}
