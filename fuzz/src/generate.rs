//! Inputs without a fuzzer: made by chance out of those of the corpus, and out of nothing.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Bytes of an input that is made of nothing.
const FRESH_MAX: u64 = 2048;

/// Numbers that follow from a seed: splitmix64, by Sebastiano Vigna.
pub struct Random(pub u64);

impl Random {
    /// The next of them.
    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        (self.number() % end.max(1) as u64) as usize
    }
}

/// The files of a target's corpus, in the order of their names.
///
/// # Errors
/// What the system says about the folder or a file.
pub fn corpus(target: &str) -> io::Result<Vec<(PathBuf, Vec<u8>)>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target);
    let mut paths: Vec<PathBuf> =
        fs::read_dir(folder)?.map(|file| Ok(file?.path())).collect::<io::Result<_>>()?;
    paths.sort();
    paths.into_iter().map(|path| Ok((path.clone(), fs::read(path)?))).collect()
}

/// Another input: one of the corpus with some changes, or one of nothing.
pub fn input(random: &mut Random, corpus: &[(PathBuf, Vec<u8>)]) -> Vec<u8> {
    if corpus.is_empty() || random.below(4) == 0 {
        let len = random.number() % FRESH_MAX;
        return (0..len).map(|_| random.number() as u8).collect();
    }
    let mut input = corpus[random.below(corpus.len())].1.clone();
    for _ in 0..=random.below(8) {
        change(random, &mut input, corpus);
    }
    input
}

fn change(random: &mut Random, input: &mut Vec<u8>, corpus: &[(PathBuf, Vec<u8>)]) {
    let at = random.below(input.len() + 1);
    let end = (at + random.below(16)).min(input.len());
    match random.below(6) {
        0 if at < input.len() => input[at] ^= 1 << random.below(8),
        1 if at < input.len() => input[at] = random.number() as u8,
        2 => drop(input.drain(at..end)),
        3 => drop(input.splice(at..at, random.number().to_le_bytes())),
        4 => {
            let other = &corpus[random.below(corpus.len())].1;
            let from = random.below(other.len() + 1);
            let to = (from + random.below(64)).min(other.len());
            drop(input.splice(at..end, other[from..to].iter().copied()));
        }
        _ => input.truncate(at.max(1)),
    }
}
