//! Paths that seem to lead out of a granted directory: none does.

use std::fs;
use std::os::unix::fs::symlink;

use flower_host::{Access, Dir, Dirs, Policy};

use crate::support::{Guest, Mode};

/// Runs the guest with these paths in a directory that has links to what is beside it.
fn could<const N: usize>(access: Access, paths: [&str; N]) -> String {
    let root = tempfile::tempdir().expect("a folder for a test");
    let (data, outside) = (root.path().join("data"), root.path().join("outside"));
    fs::create_dir_all(data.join("sub")).expect("it is ours");
    fs::create_dir(&outside).expect("it is ours");
    fs::write(outside.join("secret"), "secret").expect("it is ours");
    fs::write(data.join("file"), "public").expect("it is ours");
    symlink("../outside/secret", data.join("relative")).expect("it is ours");
    symlink(outside.join("secret"), data.join("absolute")).expect("it is ours");
    symlink("../outside", data.join("folder")).expect("it is ours");
    symlink("file", data.join("inside")).expect("it is ours");
    let dir = Dir { host: data, guest: "/data".into(), access };
    let policy = Policy::default().dirs(Dirs::new([dir]).expect("it is there"));
    let ran = Guest::named("policy_paths").policy(policy).args(paths).run(Mode::Threads);
    ran.expect_success();
    assert_eq!(fs::read_to_string(outside.join("secret")).expect("it is still there"), "secret");
    assert_eq!(fs::read_dir(&outside).expect("it is there").count(), 1, "nothing was made outside");
    ran.stdout
}

#[test]
fn dots_do_not_lead_out() {
    let told = could(
        Access::ReadWrite,
        ["/data/../outside/secret", "/data/sub/../../outside/secret", "../outside/secret"],
    );
    assert_eq!(told, "/data/../outside/secret: \n/data/sub/../../outside/secret: \n../outside/secret: \n");
}

#[test]
fn absolute_names_do_not_lead_out() {
    assert_eq!(
        could(Access::ReadWrite, ["/etc/passwd", "//etc/passwd", "/"]),
        "/etc/passwd: \n//etc/passwd: \n/: \n"
    );
}

#[test]
fn links_do_not_lead_out() {
    let told =
        could(Access::ReadOnly, ["/data/relative", "/data/absolute", "/data/folder/secret", "/data/folder"]);
    assert_eq!(told, "/data/relative: \n/data/absolute: \n/data/folder/secret: \n/data/folder: \n");
}

#[test]
fn what_is_inside_can_be_read_by_any_name() {
    let told = could(Access::ReadOnly, ["/data/file", "/data/sub/../file", "/data/inside", "/data/sub"]);
    assert_eq!(told, "/data/file: read\n/data/sub/../file: read\n/data/inside: read\n/data/sub: list\n");
}

#[test]
fn what_is_inside_can_be_written_when_that_was_granted() {
    assert_eq!(could(Access::ReadWrite, ["/data/file"]), "/data/file: read write create link move\n");
}
