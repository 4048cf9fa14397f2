// What is asked of the server: what the person said, and not a word more.

/** Keys that only mean something while a mask is painted. */
export const repaintKeys = ['fill', 'area', 'padding', 'feather', 'grow']

/** Whether what will be made may grow out of small first tries: what is redrawn does so only from a first side that was said. */
export const mayHaveDrafts = (desk) => desk.id === null || Boolean(desk.repaint) || desk.said('firstSide') > 0

export function wishOf(desk) {
	const wish = { ...desk.settings }
	const repainting = desk.repaint && desk.repaint.id
	if (desk.own.drafts !== undefined && mayHaveDrafts(desk)) wish.drafts = desk.own.drafts
	if (!repainting) for (const key of repaintKeys) delete wish[key]
	if (desk.id !== null) wish.picture = desk.id
	if (repainting) {
		wish.mask = desk.repaint.id
		if (desk.own.repaintStrength !== undefined) wish.strength = desk.own.repaintStrength
	} else if (desk.id !== null && desk.own.strength !== undefined) wish.strength = desk.own.strength
	if (desk.own.size !== undefined && !(desk.id === null && desk.own.size === 'picture')) wish.size = desk.own.size
	const own = repainting && desk.repaint.prompt
	// Words that are kept as a version of the picture's prompt are not said again: the result then points to that version.
	if (own) wish.prompt = own
	else if (desk.promptText && !desk.isStanding) wish.prompt = desk.promptText
	if (desk.prompt.negative !== null) wish.negative = desk.prompt.negative
	return wish
}

const greatestSeed = 2n ** 64n - 1n

/** What was typed as a seed: a number, a text where it has more digits than a number holds to the last one, null where it is none. */
export function seedOf(typed) {
	const digits = typed.trim()
	if (!/^\d{1,20}$/.test(digits) || BigInt(digits) > greatestSeed) return null
	return digits.length > 15 ? String(BigInt(digits)) : Number(digits)
}

/** A seed that several pictures can share. */
export const anySeed = () => crypto.getRandomValues(new Uint32Array(1))[0]
