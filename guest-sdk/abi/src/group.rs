//! Groups: how far a broadcast has come.

/// What a broadcast has done so far: zeros at first, and handed back as it is until nothing is left.
#[repr(C, align(8))]
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Progress {
    /// The serial of the last member that it was sent to; 0 before the first.
    pub after: u64,
    /// How many members accepted it.
    pub accepted: u32,
    /// How many members refused it.
    pub refused: u32,
}

impl Progress {
    /// Size in linear memory, in bytes.
    pub const SIZE: usize = 16;

    /// The progress in these bytes; any bytes are one.
    pub fn from_bytes(bytes: &[u8; Self::SIZE]) -> Progress {
        let number = u128::from_le_bytes(*bytes);
        Progress { after: number as u64, accepted: (number >> 64) as u32, refused: (number >> 96) as u32 }
    }

    /// The bytes in linear memory.
    pub fn to_bytes(self) -> [u8; Self::SIZE] {
        let number =
            u128::from(self.after) | u128::from(self.accepted) << 64 | u128::from(self.refused) << 96;
        number.to_le_bytes()
    }
}

const _: () = assert!(size_of::<Progress>() == Progress::SIZE);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_is_read_as_it_was_written() {
        let progress = Progress { after: 0x0807_0605_0403_0201, accepted: 0x0c0b_0a09, refused: 0x100f_0e0d };
        let bytes = progress.to_bytes();
        assert_eq!(bytes, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]);
        assert_eq!(Progress::from_bytes(&bytes), progress);
    }
}
