// SPDX-License-Identifier: Apache-2.0
// Memory for coroutine frames, scopes and tasks: short-lived blocks of few sizes, on one thread.
#pragma once

#include <cstddef>

namespace concert::detail {

/// Sizes are rounded up to multiples of this; each multiple up to `largest_recycled_block` has its own free list.
inline constexpr std::size_t block_class_bytes = 64;
inline constexpr std::size_t largest_recycled_block = 1024;

/// Blocks kept by a thread per size, at most: a burst of a million tasks gives its memory back (libcoro issue 446).
inline constexpr std::size_t most_kept_blocks = 4096;

struct FreeBlock {
  FreeBlock* next;
};
struct FreeList {
  FreeBlock* head = nullptr;
  std::size_t length = 0;
};
struct BlockRecycler {
  FreeList lists[largest_recycled_block / block_class_bytes + 1];
};
/// Trivially destructible, so that an access is a plain load; the slow path registers the clean-up of a thread.
inline constinit thread_local BlockRecycler block_recycler{};

void* allocate_new_block(std::size_t class_index);
void* allocate_large_block(std::size_t size);
void free_block(void* block) noexcept;

// Under AddressSanitizer and ThreadSanitizer every block goes back to the allocator at once, so that they see each
// use after free. Sizes are rounded alike, so that objects of both builds may be linked together.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool recycles_blocks = false;
#else
inline constexpr bool recycles_blocks = true;
#endif

inline void* allocate_block(std::size_t size) {
  if (size > largest_recycled_block) [[unlikely]]
    return allocate_large_block(size);
  const std::size_t index = (size + block_class_bytes - 1) / block_class_bytes;
  FreeList& list = block_recycler.lists[index];
  FreeBlock* block = list.head;
  if (block == nullptr) [[unlikely]]
    return allocate_new_block(index);
  list.head = block->next;
  --list.length;
  return block;
}

inline void release_block(void* memory, std::size_t size) noexcept {
  if (!recycles_blocks || size > largest_recycled_block) [[unlikely]]
    return free_block(memory);
  FreeList& list = block_recycler.lists[(size + block_class_bytes - 1) / block_class_bytes];
  if (list.length >= most_kept_blocks) [[unlikely]]
    return free_block(memory);
  auto* block = static_cast<FreeBlock*>(memory);
  block->next = list.head;
  list.head = block;
  ++list.length;
}

/// Base of objects that come and go as often as coroutine frames do.
class Recycled {
 public:
  static void* operator new(std::size_t size) { return allocate_block(size); }
  static void* operator new(std::size_t, void* place) noexcept { return place; }
  static void operator delete(void* block, std::size_t size) noexcept { release_block(block, size); }

 protected:
  ~Recycled() = default;
};

}  // namespace concert::detail
