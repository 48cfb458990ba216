//! The machine that a measurement was made on, in a few words.

use std::fs;

/// Processor, cores, memory and kernel.
pub(super) fn describe() -> String {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let (processor, memory) = (read("/proc/cpuinfo"), read("/proc/meminfo"));
    let processor = field(&processor, "model name").unwrap_or("an unknown processor");
    let kibibytes: Option<u64> =
        field(&memory, "MemTotal").and_then(|size| size.split(' ').next()?.parse().ok());
    let memory = kibibytes.map_or_else(|| "unknown".to_owned(), |size| format!("{} GiB", size >> 20));
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let kernel = read("/proc/sys/kernel/osrelease");
    format!("{processor}, {cores} cores, {memory} of memory, Linux {}", kernel.trim())
}

/// The value of the first `NAME : VALUE`.
fn field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let fields = text.lines().filter_map(|line| line.split_once(':'));
    fields.filter(|(key, _)| key.trim() == name).map(|(_, value)| value.trim()).next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_found_by_name() {
        let text = "processor\t: 0\nmodel name\t: Some: CPU\nmodel name\t: Other\n";
        assert_eq!(field(text, "model name"), Some("Some: CPU"));
        assert_eq!(field(text, "MemTotal"), None);
    }
}
