//! Paths that seem to lead out of a granted directory: none does, neither for an actor nor for its child.

use std::fs;
use std::os::unix::fs::symlink;

use flower_host::{Access, Dir, Dirs, Policy};

use crate::support::{Guest, Mode};

/// What a guest could do with these paths, by itself or through its child. It has `/data`, with links to what is
/// beside it, and `/read`, to read only.
fn could<const N: usize>(way: &str, access: Access, paths: [&str; N]) -> String {
    let root = tempfile::tempdir().expect("a folder for a test");
    let [data, read, outside] = ["data", "read", "outside"].map(|name| root.path().join(name));
    fs::create_dir_all(data.join("sub")).expect("it is ours");
    fs::create_dir(&read).expect("it is ours");
    fs::create_dir(&outside).expect("it is ours");
    fs::write(outside.join("secret"), "secret").expect("it is ours");
    fs::write(data.join("file"), "public").expect("it is ours");
    fs::write(read.join("file"), "public").expect("it is ours");
    symlink("../outside/secret", data.join("relative")).expect("it is ours");
    symlink(outside.join("secret"), data.join("absolute")).expect("it is ours");
    symlink("../outside", data.join("folder")).expect("it is ours");
    symlink("file", data.join("inside")).expect("it is ours");
    symlink("loop", data.join("loop")).expect("it is ours");
    let dirs = Dirs::new([
        Dir { host: data, guest: "/data".into(), access },
        Dir { host: read.clone(), guest: "/read".into(), access: Access::ReadOnly },
    ]);
    let policy = Policy::default().dirs(dirs.expect("they are there"));
    let ran = Guest::named("policy_paths").policy(policy).args([way]).args(paths).run(Mode::Threads);
    ran.expect_success();
    for (folder, file, content) in [(outside, "secret", "secret"), (read, "file", "public")] {
        assert_eq!(fs::read_to_string(folder.join(file)).expect("it is still there"), content);
        assert_eq!(fs::read_dir(&folder).expect("it is there").count(), 1, "nothing was made there");
    }
    ran.stdout
}

/// What a guest says that could do nothing with any of them.
fn nothing<const N: usize>(paths: [&str; N]) -> String {
    paths.iter().map(|path| format!("{path}: \n")).collect()
}

/// Makes a test of each trick, for an actor and for its child.
macro_rules! tricks {
    ($( $name:ident: $access:ident, $paths:expr => $told:expr; )+) => {
        tricks! { direct: $( $name: $access, $paths => $told; )+ }
        tricks! { child: $( $name: $access, $paths => $told; )+ }
    };
    ($way:ident: $( $name:ident: $access:ident, $paths:expr => $told:expr; )+) => {
        mod $way {
            use super::*;

            $(
                #[test]
                fn $name() {
                    let paths = $paths;
                    assert_eq!(could(stringify!($way), Access::$access, paths), $told(paths));
                }
            )+
        }
    };
}

tricks! {
    dots_do_not_lead_out: ReadWrite,
        ["/data/../outside/secret", "/data/sub/../../outside/secret", "../outside/secret"] => nothing;
    absolute_names_do_not_lead_out: ReadWrite, ["/etc/passwd", "//etc/passwd", "/", "/proc/self/environ"] => nothing;
    links_do_not_lead_out: ReadOnly,
        ["/data/relative", "/data/absolute", "/data/folder/secret", "/data/folder", "/data/loop"] => nothing;
    links_to_write_by_do_not_lead_out: ReadWrite, ["/data/folder/secret", "/data/folder/new"] => nothing;
    what_is_to_read_is_neither_written_nor_linked_nor_moved: ReadWrite, ["/read/file"] => |_| "/read/file: read\n";
    what_is_inside_can_be_read_by_any_name: ReadOnly,
        ["/data/file", "/data/sub/../file", "/data/inside", "/data/sub"]
            => |_| "/data/file: read\n/data/sub/../file: read\n/data/inside: read\n/data/sub: list\n";
    what_is_inside_can_be_written_when_that_was_granted: ReadWrite, ["/data/file"]
        => |_| "/data/file: read write create symlink link move\n";
}
