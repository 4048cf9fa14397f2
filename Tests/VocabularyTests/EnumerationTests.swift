import Testing
import Vocabulary

@Test(arguments: [([], ""), (["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")])
func wordsStandAsASentenceHasThem(_ words: [String], _ sentence: String) {
    #expect(words.enumeration == sentence)
}
