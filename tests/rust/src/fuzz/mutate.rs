//! The mutation of fuzz inputs, for runs without libFuzzer.

use crate::random::Dice;

/// Returns a random seed with one to five random changes.
pub fn next(seeds: &[Vec<u8>], dictionary: &[Vec<u8>], dice: &mut Dice) -> Vec<u8> {
    let mut input = seeds[dice.below(seeds.len())].clone();
    let other = &seeds[dice.below(seeds.len())];
    for _ in 0..=dice.below(5) {
        change(&mut input, other, dictionary, dice);
    }
    input
}

fn change(input: &mut Vec<u8>, other: &[u8], dictionary: &[Vec<u8>], dice: &mut Dice) {
    let at = dice.below(input.len() + 1);
    let end = input.len().min(at + 1 + dice.below(24));
    match dice.below(12) {
        0 if at < input.len() => input[at] ^= 1 << dice.below(8),
        1 if at < input.len() => input[at] = dice.below(256) as u8,
        2 => input.insert(at, dice.below(256) as u8),
        3 => drop(input.drain(at..end)),
        4 => {
            let copy = input[at..end].to_vec();
            let to = dice.below(input.len() + 1);
            input.splice(to..to, copy);
        }
        5 => {
            let from = dice.below(other.len() + 1);
            let piece = &other[from..other.len().min(from + 1 + dice.below(64))];
            input.splice(at..at, piece.iter().copied());
        }
        6 => {
            let from = dice.below(other.len() + 1);
            input.truncate(at);
            input.extend_from_slice(&other[from..]);
        }
        7 => input.insert(at, b"\r\n\0 \t:;,0aZ\""[dice.below(12)]),
        8 => input.truncate(at),
        9 => input.extend((0..1 + dice.below(32)).map(|_| dice.below(256) as u8)),
        _ if !dictionary.is_empty() => {
            let word = &dictionary[dice.below(dictionary.len())];
            let to = if dice.below(2) == 0 { at } else { input.len().min(at + word.len()) };
            input.splice(at..to, word.iter().copied());
        }
        _ => {}
    }
}

/// Removes pieces of an input as long as it still `fails`; returns the rest.
pub fn smallest(mut input: Vec<u8>, fails: impl Fn(&[u8]) -> bool) -> Vec<u8> {
    for len in [256, 64, 16, 4, 1, 1] {
        let mut at = 0;
        while at < input.len() {
            let mut less = input.clone();
            less.drain(at..input.len().min(at + len));
            if fails(&less) { input = less } else { at += len }
        }
    }
    input
}
