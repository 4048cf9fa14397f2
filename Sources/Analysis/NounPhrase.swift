/// Which article an English noun phrase stands with where it is named for the first time, so that a prompt reads as a person writes it.
enum NounPhrase {
    /// "a ", "an ", "the " or, before plurals, stuff, numbers, names and what has a determiner of its own, nothing.
    static func article(for text: String) -> String {
        let words = text.lowercased().split { $0.isWhitespace }.map(String.init)
        guard let first = words.first, let letter = first.first else { return "" }
        // Only alphabets with capitals have articles here, and "1girl" has none.
        if !letter.isCased, !["2d", "3d"].contains(where: first.hasPrefix) { return "" }
        if determiners.contains(first) || isName(text) { return "" }
        let phrase = words.prefix { !prepositions.contains($0) }
        guard let head = head(of: words) else { return "" }
        if unique.contains(head) || unique.contains(phrase.joined(separator: " ")) { return "the " }
        guard !isPlural(head), !isStuff(phrase) else { return "" }
        return startsWithVowel(first) ? "an " : "a "
    }

    /// The noun: "flock of birds" is one flock, "path through the woods" one path.
    ///
    /// - Parameter words: in lowercase.
    static func head(of words: [String]) -> String? { words.prefix { !prepositions.contains($0) }.last }

    /// "Anna", "Eiffel Tower": every word begins with a capital letter.
    private static func isName(_ text: String) -> Bool {
        text.split { $0.isWhitespace }.allSatisfy { $0.first!.isUppercase }
    }

    private static func isPlural(_ noun: String) -> Bool {
        if plurals.contains(noun) { return true }
        if noun.hasSuffix("men"), noun.count > 4, !["specimen", "abdomen", "regimen", "stamen"].contains(noun) { return true }
        guard noun.hasSuffix("s"), !singulars.contains(noun) else { return false }
        return !["ss", "us", "is"].contains { noun.hasSuffix($0) }
    }

    private static func isStuff(_ words: ArraySlice<String>) -> Bool {
        guard let last = words.last else { return false }
        return stuff.contains(last) || stuff.contains(words.suffix(2).joined(separator: " "))
    }

    /// By how a word is said: "an hour", "a unicorn".
    private static func startsWithVowel(_ word: String) -> Bool {
        if ["hour", "honest", "honour", "heir", "x-ray"].contains(where: word.hasPrefix) { return true }
        let spoken = ["uni", "eu", "ewe", "one", "once", "use", "usual", "ufo", "ukulele", "utensil", "utility"]
        if spoken.contains(where: word.hasPrefix), !["unin", "unim", "onei"].contains(where: word.hasPrefix) { return false }
        return word.first.map("aeiouáéíóúäöü".contains) ?? false
    }

    private static let determiners: Set<String> = [
        "a", "an", "the", "another", "this", "that", "these", "those", "my", "your", "his", "her", "its", "our", "their", "some", "any",
        "no", "many",
        "several", "few", "all", "both", "each", "every", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven",
        "twelve", "dozens", "hundreds", "somebody", "someone", "something", "nobody", "nothing",
    ]
    private static let prepositions: Set<String> = [
        "of", "with", "without", "in", "inside", "on", "at", "by", "from", "through", "under", "behind", "beside", "between", "for", "and",
        "near", "to", "against",
    ]
    /// There is one of it.
    private static let unique: Set<String> = ["sea", "ocean", "sky", "sun", "moon", "milky way", "earth", "back", "horizon"]
    private static let plurals: Set<String> = [
        "people", "men", "women", "children", "feet", "teeth", "geese", "mice", "cattle", "police", "skis", "taxis", "menus", "emus",
        "tutus", "kiwis", "bikinis", "saris",
    ]
    private static let singulars: Set<String> = [
        "lens", "canvas", "atlas", "christmas", "pyrenees", "triceratops", "series", "species", "gas",
    ]
    /// Nouns that are not counted: by their last word or, where that alone is counted, by two.
    private static let stuff: Set<String> = [
        // surfaces, matter, weather
        "grass", "water", "snow", "ice", "sand", "mud", "soil", "wood", "bark", "smoke", "fire", "fog", "mist", "rain", "wind", "lightning",
        "sunlight", "sunshine", "moonlight", "foliage", "moss", "hay", "bamboo", "coral", "seaweed", "lavender", "ivy", "rapeseed", "fur",
        "hair", "metal", "glitter", "dust", "nature", "space", "scenery", "traffic", "christmas", "autumn", "spring", "summer", "winter",
        // food and drink
        "food", "bread", "rice", "fruit", "meat", "seafood", "cheese", "pasta", "coffee", "tea", "wine", "beer", "champagne", "milk",
        "juice", "eggnog", "soup", "consomme", "chocolate", "cream", "bacon", "ham", "butter", "honey", "garlic", "corn", "wheat",
        "popcorn", "toast", "cereal", "curry", "sushi", "ramen", "spaghetti", "carbonara", "lasagne", "guacamole", "yoghurt", "jam",
        "dough", "asparagus", "broccoli", "spinach", "celery", "sauce", "sugar", "salt", "mashed potato", "fried chicken", "ginger",
        "ginger root",
        // things that are named together
        "furniture", "clothing", "underwear", "knitwear", "headgear", "jewellery", "jewelry", "armour", "luggage", "cutlery", "machinery",
        "equipment", "pottery", "money", "paper", "confetti", "powder", "lotion", "hairspray", "paint", "mail", "music",
        // written and drawn
        "text", "lettering", "graffiti", "art", "photography", "cgi", "embroidery", "anime", "manga", "chalk",
    ]
}
