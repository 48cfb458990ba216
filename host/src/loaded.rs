//! A loaded module on one host: its instances-to-be, linked once for each stack class and style.

use std::sync::{Arc, OnceLock};

use wasmtime::InstancePre;

use crate::instance::{ActorState, ModuleOptions, StackClass};
use crate::module::{Module, Style};
use crate::shared::Shared;

/// A module that actors can be made of.
pub(crate) struct Loaded {
    /// Compiled for the small stack class.
    pub(crate) module: Module,
    /// What it was compiled for.
    pub(crate) options: ModuleOptions,
    large: OnceLock<Module>,
    linked: [[OnceLock<InstancePre<ActorState>>; 2]; 2],
}

impl Loaded {
    /// A module that has passed its checks.
    pub(crate) fn new(module: Module, options: ModuleOptions) -> Arc<Loaded> {
        Arc::new(Loaded { module, options, large: OnceLock::new(), linked: Default::default() })
    }

    /// The module with its imports resolved, for actors of this class and style.
    pub(crate) fn linked(
        &self,
        shared: &Shared,
        class: StackClass,
        style: Style,
    ) -> wasmtime::Result<&InstancePre<ActorState>> {
        let place = &self.linked[class as usize][style as usize];
        if let Some(linked) = place.get() {
            return Ok(linked);
        }
        let set = shared.engines.get(class, self.options)?;
        let linker = if style == Style::Process { &set.process } else { &set.handler };
        let made = linker.instantiate_pre(self.compiled(shared, class)?)?;
        Ok(place.get_or_init(|| made))
    }

    /// The module as it is linked for actors of this class, whose exports are those of their instances.
    pub(crate) fn exports(&self, class: StackClass) -> &Module {
        match (class, self.large.get()) {
            (StackClass::Large, Some(large)) => large,
            _ => &self.module,
        }
    }

    /// The code for a stack class; the large one is made when it is first asked for.
    fn compiled(&self, shared: &Shared, class: StackClass) -> wasmtime::Result<&wasmtime::Module> {
        if class == StackClass::Small {
            return Ok(self.module.code());
        }
        if let Some(large) = self.large.get() {
            return Ok(large.code());
        }
        let made = self.module.for_engine(&shared.engines.get(class, self.options)?.engine)?;
        Ok(self.large.get_or_init(|| made).code())
    }
}
