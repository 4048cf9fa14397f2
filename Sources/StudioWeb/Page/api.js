// Every request that the page makes.

const root = '/api/v1'

/** What the server refused, in its own words. */
export class Refusal extends Error {
	constructor(status, message, field, retryAfter) {
		super(message)
		this.status = status
		this.field = field ?? null
		/** Seconds after which the same may be asked again; null where that would come to nothing. */
		this.retryAfter = retryAfter ?? null
	}
}

/** The server did not answer at all. */
export class Unreachable extends Error {}

// Seeds may have more digits than a number of JavaScript holds: such a one stays text on this side.
const read = (text) => JSON.parse(text.replace(/"seed":\s*(\d{16,})/g, '"seed":"$1"'))
const written = (body) => JSON.stringify(body).replace(/"seed":"(\d+)"/g, '"seed":$1')

async function ask(method, path, { body, type, headers, signal } = {}) {
	let answer
	try {
		answer = await fetch(root + path, {
			method,
			signal,
			headers: { ...(body === undefined ? {} : { 'Content-Type': type ?? 'application/json' }), ...headers },
			body: body === undefined ? undefined : type ? body : written(body),
		})
	} catch (error) {
		if (error.name === 'AbortError') throw error
		throw new Unreachable(path)
	}
	const isJSON = (answer.headers.get('Content-Type') ?? '').includes('json')
	const content = isJSON ? await answer.text().then(read).catch(() => null) : null
	if (answer.ok) return content
	const again = Number(answer.headers.get('Retry-After')) || null
	throw new Refusal(answer.status, content?.error?.message ?? `${answer.status} ${answer.statusText}`, content?.error?.field, again)
}

function query(values) {
	const pairs = Object.entries(values).filter(([, value]) => value !== undefined && value !== null && value !== '' && value !== false)
	return pairs.length ? '?' + pairs.map((pair) => pair.map(encodeURIComponent).join('=')).join('&') : ''
}

const get = (path, signal) => ask('GET', path, { signal })
const post = (path, body = {}) => ask('POST', path, { body })
const remove = (path) => ask('DELETE', path, { body: {} })

export const status = () => get('/status')
export const choices = () => get('/choices')
export const models = () => get('/models')

export const pictures = (filter, signal) => get('/pictures' + query(filter), signal)
/** @param model the one that the prompt is composed for; undefined: the one that was suggested */
export const picture = (id, model) => get(`/pictures/${id}` + query({ model }))
/** Numbers begin anew in another library: what a browser keeps, it keeps of these very bytes. */
const version = (sha256) => sha256?.slice(0, 16)
export const fileAddress = (picture, size) => `${root}/pictures/${picture.id}/file` + query({ size, v: version(picture.sha256) })
export const thumbnailAddress = (picture) => `${root}/pictures/${picture.id}/thumbnail` + query({ v: version(picture.sha256) })
export const upload = (blob, name) =>
	ask('POST', '/pictures', { body: blob, type: blob.type.startsWith('image/') ? blob.type : 'application/octet-stream', headers: { 'X-File-Name': encodeURIComponent(name) } })
/** Keeps the picture on a wider canvas, and a mask over what is new. */
export const enlarge = (id, margins) => post(`/pictures/${id}/enlarge`, margins)
export const takeFolder = (id) => post(`/folders/${encodeURIComponent(id)}`)
export const analyze = (id) => post(`/pictures/${id}/analyze`)
export const decide = (id, changes, model) => post(`/pictures/${id}/decisions` + query({ model }), { changes })
export const approveAbove = (id, confidence, model) => post(`/pictures/${id}/decisions` + query({ model }), { approveAbove: confidence })
export const undoDecision = (id, model) => post(`/pictures/${id}/undo` + query({ model }))
export const compose = (id, model) => get(`/pictures/${id}/compose` + query({ model }))
export const writePrompt = (id, prompt) => ask('PUT', `/pictures/${id}/prompt`, { body: prompt })
export const useRecovered = (id) => post(`/pictures/${id}/prompt/recovered`)
export const discardPicture = (id) => remove(`/pictures/${id}`)
export const restorePicture = (id) => post(`/pictures/${id}/restore`)
export const bin = () => get('/bin')
export const emptyBin = () => remove('/bin')

export const vocabulary = (prefix, picture, limit, signal) => get('/vocabulary' + query({ prefix, picture, limit }), signal)

export const readInfotext = (text) => post('/infotext', { text })
export const plan = (wish, signal) => ask('POST', '/plan', { body: wish, signal })
export const uploadMask = (blob) => ask('POST', '/masks', { body: blob, type: 'image/png' })
export const maskAddress = (id) => `${root}/masks/${id}`

export const order = (wish) => post('/jobs', wish)
export const jobs = () => get('/jobs')
export const cancelJob = (id) => post(`/jobs/${id}/cancel`)
export const moveJob = (id, before) => post(`/jobs/${id}/move`, { before })
export const clearJobs = () => remove('/jobs')
export const previewAddress = (id, step) => `${root}/jobs/${id}/preview?step=${step}`

export const planSheet = (sheet, signal) => ask('POST', '/sheets/plan', { body: sheet, signal })
export const orderSheet = (sheet) => post('/sheets', sheet)
export const sheets = (filter) => get('/sheets' + query(filter))
export const dropSheet = (id) => remove(`/sheets/${id}`)
export const generations = (filter) => get('/generations' + query(filter))
export const generation = (id) => get(`/generations/${id}`)
export const changeGeneration = (id, change) => ask('PATCH', `/generations/${id}`, { body: change })
export const discardGeneration = (id) => remove(`/generations/${id}`)
export const restoreGeneration = (id) => post(`/generations/${id}/restore`)
/** A result, or what belongs to it: its `thumbnail`, its `difference` from the picture it was made of. */
export const outputAddress = (output, part) => below(output.url, part).split('?')[0] + query({ v: version(output.sha256) })
/** What lies below an address that may say its version. */
export function below(address, part) {
	const [path, search] = address.split('?')
	return (part ? `${path}/${part}` : path) + (search ? `?${search}` : '')
}
/** Takes a result in as a picture of its own. */
export const takeIn = (output) => post(output.url.split('?')[0].replace(root, '') + '/picture')

export const history = (filter) => get('/history' + query(filter))
export const presets = () => get('/presets')
/** Refused with 409 where there is one of that name, unless it is to be replaced. */
export const keepPreset = (name, wish, replace) => ask('PUT', `/presets/${encodeURIComponent(name)}` + query({ replace: replace && 'true' }), { body: { wish } })
export const dropPreset = (name) => remove(`/presets/${encodeURIComponent(name)}`)
export const exportAddress = (picture) => `${root}/export${query({ picture })}`
/** @param last number of the last event that was seen, '' where none was */
export const eventsAddress = (last) => `${root}/events` + query({ after: last })
