//! Hooks: functions with names that mean something, and the form that each has to have.

use syn::{Error, ImplItemFn, Result};

use super::method::{Arg, args, check_plain};

/// Which of them there are.
#[derive(Default)]
pub(super) struct Hooks {
    /// The arguments of `init`.
    pub(super) init: Option<Vec<Arg>>,
    pub(super) terminate: bool,
    pub(super) handle_info: bool,
    pub(super) on_timeout: bool,
    pub(super) on_failure: bool,
}

impl Hooks {
    /// Takes a function in, if it is a hook.
    pub(super) fn read(&mut self, item: &ImplItemFn) -> Result<bool> {
        let name = item.sig.ident.to_string();
        let (taken, with_self, form) = match &*name {
            "init" => return self.read_init(item).map(|()| true),
            "terminate" => (&mut self.terminate, true, "(&mut self, reason: ExitReason)"),
            "handle_info" => (&mut self.handle_info, true, "(&mut self, event: Event)"),
            "on_timeout" => (&mut self.on_timeout, true, "(&mut self, timer: TimerRef)"),
            "on_failure" => (&mut self.on_failure, false, "(reason: ExitReason)"),
            _ => return Ok(false),
        };
        *taken = true;
        check_plain(&item.sig)?;
        let has_self = item.sig.receiver().is_some();
        if has_self != with_self || item.sig.inputs.len() != 1 + usize::from(with_self) {
            let text = format!("`{name}` is a hook: write `fn {name}{form}`, or call the method otherwise");
            return Err(Error::new_spanned(&item.sig.inputs, text));
        }
        Ok(true)
    }

    fn read_init(&mut self, item: &ImplItemFn) -> Result<()> {
        let sig = &item.sig;
        self.init = Some(Vec::new());
        check_plain(sig)?;
        if let Some(receiver) = sig.receiver() {
            let text = "`init` makes the actor: it takes the arguments of the spawn and no `self`";
            return Err(Error::new_spanned(receiver, text));
        }
        self.init = Some(args(sig)?);
        Ok(())
    }
}
