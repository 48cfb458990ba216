//! Recipes: a spawn as plain data, which can be sent, kept, and followed any number of times.

use flower_abi::SpawnOptions;
use serde::{Deserialize, Serialize};

use super::Spawn;
use crate::budget::Budget;
use crate::buffer::Buffer;
use crate::entry::program;
use crate::message::{Bytes, EncodeError, outgoing};
use crate::policy::Grants;
use crate::{Message, Pid, SpawnError};

/// All that a [`Spawn`] says, but for the moment at which the actor starts.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(crate) struct Recipe {
    /// Whose functions the index counts.
    program: u64,
    module: String,
    entry: String,
    name: String,
    label: String,
    flags: u32,
    index: u32,
    memory_max: u64,
    mailbox_bytes_max: u64,
    mailbox_len_max: u32,
    stack_class: u32,
    run_time_max: u64,
    budget: Option<[u64; 7]>,
    grants: String,
    args: Args,
}

/// Arguments, as they travel.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(crate) struct Args {
    codec: u32,
    fingerprint: u64,
    bytes: Bytes,
}

impl Args {
    /// Encodes them.
    pub(crate) fn new<A: Message + ?Sized>(args: &A) -> Result<Args, EncodeError> {
        let (body, sent) = outgoing(args)?;
        without_handles(sent.handle_count)?;
        Ok(Args { codec: sent.codec, fingerprint: sent.fingerprint, bytes: Bytes(body.to_vec()) })
    }

    /// Whether a function that takes the one takes the other too, as far as their headers say.
    pub(crate) fn is_like(&self, other: &Args) -> bool {
        let unknown = self.fingerprint == 0 || other.fingerprint == 0;
        unknown || self.fingerprint == other.fingerprint
    }
}

impl Recipe {
    /// The arguments that it was written with.
    pub(crate) fn args(&self) -> &Args {
        &self.args
    }

    /// Takes the entry from another module.
    pub(crate) fn set_module(&mut self, module: &str) {
        module.clone_into(&mut self.module);
    }

    /// Registers this name before the actor runs.
    pub(crate) fn set_name(&mut self, name: &str) {
        name.clone_into(&mut self.name);
    }

    /// Whether it names a function of another program than the caller's, which cannot be found here.
    pub(crate) fn is_foreign(&self) -> bool {
        self.flags & SpawnOptions::INDEXED != 0 && self.program != program()
    }

    /// Starts the actor with these arguments, linked and monitored before it runs.
    pub(crate) fn start(&self, args: &Args) -> Result<(Pid, crate::MonitorRef), SpawnError> {
        self.spawn(args).link().spawn_monitor()
    }

    fn spawn(&self, args: &Args) -> Spawn<'_, ()> {
        let mut body = Buffer::outgoing();
        body.extend_from_slice(&args.bytes.0);
        let options = SpawnOptions {
            flags: self.flags,
            index: self.index,
            codec: args.codec,
            fingerprint: args.fingerprint,
            memory_max: self.memory_max,
            mailbox_bytes_max: self.mailbox_bytes_max,
            mailbox_len_max: self.mailbox_len_max,
            stack_class: self.stack_class,
            run_time_max: self.run_time_max,
            ..SpawnOptions::DEFAULT
        };
        let (module, entry, name, label) = (&self.module, &self.entry, &self.name, &self.label);
        let budget = self.budget.map(Budget::from_bounds);
        Spawn {
            args: Ok(body),
            options,
            module,
            entry,
            name,
            label,
            budget,
            grants: Grants(self.grants.clone()),
            result: std::marker::PhantomData,
        }
    }
}

impl<R> Spawn<'_, R> {
    /// Writes it down.
    pub(crate) fn into_recipe(self) -> Result<Recipe, EncodeError> {
        let (args, options) = (self.args?, self.options);
        without_handles(options.handle_count)?;
        let bytes = Bytes(args.to_vec());
        Ok(Recipe {
            program: program(),
            module: self.module.to_owned(),
            entry: self.entry.to_owned(),
            name: self.name.to_owned(),
            label: self.label.to_owned(),
            flags: options.flags,
            index: options.index,
            memory_max: options.memory_max,
            mailbox_bytes_max: options.mailbox_bytes_max,
            mailbox_len_max: options.mailbox_len_max,
            stack_class: options.stack_class,
            run_time_max: options.run_time_max,
            budget: self.budget.map(Budget::bounds),
            grants: self.grants.0,
            args: Args { codec: options.codec, fingerprint: options.fingerprint, bytes },
        })
    }
}

/// Arguments that are used again and again cannot hold what travels once.
fn without_handles(count: u32) -> Result<(), EncodeError> {
    match count {
        0 => Ok(()),
        _ => Err(EncodeError::new(
            "a handle cannot be kept in the arguments of what is spawned again and again",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Stack;

    #[test]
    fn a_recipe_says_all_that_its_spawn_said() {
        let spawn = || {
            let spawn = Spawn::new(|n: u32| n + 1, 5).name("five").memory_max(1 << 20).stack(Stack::Large);
            let spawn =
                spawn.label("adder").mailbox_len_max(7).mailbox_bytes_max(8).hold_effects().allow_net("*");
            spawn.budget(Budget::new().actors_max(3).messages_max(9).cpu_weight(50))
        };
        let (expected, recipe) = (spawn(), spawn().into_recipe().expect("a number can be encoded"));
        let bytes = postcard::to_allocvec(&recipe).expect("it is plain data");
        let recipe: Recipe = postcard::from_bytes(&bytes).expect("it was just written");
        let again = recipe.spawn(recipe.args());
        assert_eq!(again.options, expected.options);
        assert_eq!(again.grants, expected.grants);
        assert_eq!(again.budget, expected.budget);
        assert_eq!((again.name, again.label, again.entry), ("five", "adder", expected.entry));
        assert_eq!(again.args.expect("bytes").as_slice(), b"5");
        assert!(!recipe.is_foreign());
    }

    #[test]
    fn a_function_of_another_program_is_foreign_and_an_export_is_not() {
        let mut function = Spawn::new(|| (), ()).into_recipe().expect("nothing to encode");
        let mut export = Spawn::entry("export", ()).into_recipe().expect("nothing to encode");
        (function.program, export.program) = (1, 1);
        assert!(function.is_foreign() && !export.is_foreign());
    }

    #[test]
    fn arguments_are_alike_when_their_types_are() {
        let (number, text) = (Args::new(&5_u32).unwrap(), Args::new("x").unwrap());
        let any = Args::new(&serde_json::json!(5)).unwrap();
        assert!(number.is_like(&Args::new(&6_u32).unwrap()) && number.is_like(&any) && any.is_like(&text));
        assert!(!number.is_like(&text));
    }
}
