//! The small flavour's allocator and panic handler, without the standard library.
//!
//! Memory comes from the C library, or from the functions of swo_set_memory; a panic calls
//! abort(3).
#![allow(unsafe_code)]

use core::alloc::{GlobalAlloc, Layout};
use core::cell::UnsafeCell;
use core::ffi::c_void;
use core::panic::PanicInfo;
use core::sync::atomic::{AtomicBool, Ordering::Relaxed};

use crate::error::{BindingError, Done};
use crate::handle::memory::Functions;

unsafe extern "C" {
    fn malloc(size: usize) -> *mut c_void;
    fn realloc(memory: *mut c_void, size: usize) -> *mut c_void;
    fn free(memory: *mut c_void);
    fn abort() -> !;
}

/// Ends the program after a panic.
///
/// A defect causes one, or a failed allocation that cannot be reported as `OutOfMemory`.
#[panic_handler]
fn panicked(_: &PanicInfo<'_>) -> ! {
    // SAFETY: it asks for nothing.
    unsafe { abort() }
}

struct Memory {
    functions: UnsafeCell<Functions>,
    is_used: AtomicBool,
}

// SAFETY: by the contract of swo_set_memory, no other call runs while it writes the functions.
unsafe impl Sync for Memory {}

#[global_allocator]
static MEMORY: Memory = Memory {
    functions: UnsafeCell::new(Functions { malloc, realloc, free }),
    is_used: AtomicBool::new(false),
};

/// Replaces the functions that allocate and free the library's memory.
///
/// Returns `TooLate`, and changes nothing, if memory has been allocated already.
pub(crate) fn set_memory(functions: Functions) -> Done {
    if MEMORY.is_used.load(Relaxed) {
        return Err(BindingError::TooLate.into());
    }
    // SAFETY: see `Sync`; no reference to them lives longer than the call that made it.
    unsafe { *MEMORY.functions.get() = functions };
    Ok(())
}

/// The alignment in bytes that malloc provides on every system: two pointers.
const ALIGNED: usize = 2 * size_of::<usize>();

// SAFETY: memory comes from functions that keep malloc's contract, which `swo_set_memory` asks for,
// and goes back to them.
unsafe impl GlobalAlloc for Memory {
    #[inline(never)]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if !self.is_used.load(Relaxed) {
            self.is_used.store(true, Relaxed);
        }
        // SAFETY: see `Sync`.
        let malloc = unsafe { (*self.functions.get()).malloc };
        if layout.align() <= ALIGNED {
            // SAFETY: the contract of malloc.
            return unsafe { malloc(layout.size()) }.cast();
        }
        // More is allocated, and the pointer to free is stored just before the returned memory. No
        // sum overflows: a layout has room for its alignment. SAFETY: the contract of malloc.
        let begin: *mut u8 = unsafe { malloc(layout.size() + layout.align()) }.cast();
        if begin.is_null() {
            return begin;
        }
        // SAFETY: the place is 1 to `align` bytes after the beginning, and a multiple of ALIGNED,
        // which has room for a pointer.
        unsafe {
            let place = begin.add(layout.align() - begin.addr() % layout.align());
            place.cast::<*mut u8>().sub(1).write(begin);
            place
        }
    }

    #[inline(never)]
    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: see `Sync`; `alloc` has made it with that layout, and kept the beginning where it
        // says.
        unsafe {
            let begin = if layout.align() <= ALIGNED {
                memory
            } else {
                memory.cast::<*mut u8>().sub(1).read()
            };
            ((*self.functions.get()).free)(begin.cast());
        }
    }

    #[inline(never)]
    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        if layout.align() <= ALIGNED {
            // SAFETY: see `Sync`; `alloc` has made it, by malloc.
            return unsafe { ((*self.functions.get()).realloc)(memory.cast(), size) }.cast();
        }
        // SAFETY: the caller's: the size makes a layout; both have so many bytes, and the old one
        // is over afterwards.
        unsafe {
            let place = self.alloc(Layout::from_size_align_unchecked(size, layout.align()));
            if !place.is_null() {
                place.copy_from_nonoverlapping(memory, size.min(layout.size()));
                self.dealloc(memory, layout);
            }
            place
        }
    }
}
