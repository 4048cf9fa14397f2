// Which view stands: the address after the #, so that back, forward and a reload lead to the same place.

export function here() {
	const [path, search] = location.hash.slice(1).split('?')
	const parts = path.split('/').filter(Boolean)
	return { name: parts[0] ?? 'library', parts: parts.slice(1), search: new URLSearchParams(search ?? '') }
}

export const go = (address) => {
	location.hash = address
}

/** The address without a new entry in the browser's history. */
export const replace = (address) => history.replaceState(null, '', '#' + address)

export const addresses = {
	library: '/',
	picture: (id) => `/picture/${id}`,
	brush: (id, mask) => `/picture/${id}/brush${mask ? `?mask=${mask}` : ''}`,
	paint: '/paint',
	/** Where results of a picture lie; of none, what was painted from words. */
	desk: (picture) => (picture ? addresses.picture(picture) : addresses.paint),
	result: (picture, generation, number) => `${addresses.desk(picture)}?result=${generation}.${number}`,
	history: '/history',
	bin: '/bin',
}
