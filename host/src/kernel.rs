//! What not every kernel can do, and how to go on without it.
//!
//! Guards that split no mapping (`MADV_GUARD_INSTALL`, Linux 6.13) and a list of dirty pages
//! (`PAGEMAP_SCAN`, Linux 6.7) make actors cheap; older kernels, other systems and valgrind lack them, and
//! everything is right without. Each is tried once where it is used first. The variable
//! `FLOWER_KERNEL_WITHOUT` names those that are not to be tried, with commas between them: so the other way can be
//! tested, and a kernel that has a feature and not the patience for it can be helped.

use std::env;

/// The variable that forbids features.
const VARIABLE: &str = "FLOWER_KERNEL_WITHOUT";

/// What a kernel may lack.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Feature {
    /// `MADV_GUARD_INSTALL`: without it every guard of a stack is a mapping.
    GuardInstall,
    /// `PAGEMAP_SCAN`: without it all pages of an ended actor are given back.
    PagemapScan,
}

impl Feature {
    fn name(self) -> &'static str {
        match self {
            Feature::GuardInstall => "guard-install",
            Feature::PagemapScan => "pagemap-scan",
        }
    }

    /// Whether it may be tried.
    pub(crate) fn is_allowed(self) -> bool {
        let forbidden = env::var(VARIABLE).unwrap_or_default();
        !names(&forbidden, self)
    }
}

fn names(list: &str, feature: Feature) -> bool {
    list.split(',').any(|name| name.trim() == feature.name())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    #[test]
    fn a_list_forbids_what_it_names() {
        use Feature::*;
        assert!(names("pagemap-scan", PagemapScan) && !names("pagemap-scan", GuardInstall));
        assert!(names("guard-install, pagemap-scan", PagemapScan) && names("guard-install", GuardInstall));
        assert!(!names("", PagemapScan));
    }

    /// Runs the tests of memories and stacks once more, in a process whose kernel lacks `features`.
    fn check_without(features: &str) {
        let own = env::current_exe().expect("a process knows its program");
        let tests = ["memory::tests", "stack::tests", "slab::tests", "image::tests"];
        let ran = Command::new(own).args(tests).arg("--quiet").env(VARIABLE, features).output();
        let ran = ran.expect("the tests start again");
        let (stdout, stderr) = (String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
        assert!(ran.status.success(), "without {features}:\n{stdout}{stderr}");
        assert!(stdout.contains("test result: ok") && !stdout.contains("ok. 0 passed"), "{stdout}");
    }

    #[test]
    fn memories_and_stacks_are_right_without_guards_that_split_no_mapping() {
        check_without("guard-install");
    }

    #[test]
    fn memories_and_stacks_are_right_without_a_list_of_dirty_pages() {
        check_without("pagemap-scan");
    }

    #[test]
    fn memories_and_stacks_are_right_without_either() {
        check_without("guard-install,pagemap-scan");
    }
}
