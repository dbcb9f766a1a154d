from engine.words import MAX_WORDS, words_of


def test_words_are_split_at_spaces_and_marks_and_folded() -> None:
    assert words_of("Green TEA-pot, 250g") == ("green", "tea", "pot", "250g")


def test_chinese_runs_become_pairs_of_characters() -> None:
    assert words_of("有机绿茶 250克") == ("有机", "机绿", "绿茶", "250", "克")


def test_full_width_letters_are_the_same_words() -> None:
    assert words_of("ＴＥＡ") == ("tea",)


def test_a_word_comes_once_and_endless_text_is_cut() -> None:
    assert words_of("tea tea Tea") == ("tea",)
    assert len(words_of(" ".join(f"w{i}" for i in range(1000)))) == MAX_WORDS
    assert words_of("") == ()
