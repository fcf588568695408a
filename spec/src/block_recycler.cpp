// SPDX-License-Identifier: Apache-2.0
#include "concert/block_recycler.hpp"

#include <cstdlib>
#include <new>

namespace concert::detail {

namespace {

/// Gives the blocks of a thread back when it ends. Touched on the slow path only.
struct ThreadCleanup {
  ~ThreadCleanup() {
    for (FreeList& list : block_recycler.lists) {
      while (list.head != nullptr) {
        FreeBlock* block = list.head;
        list.head = block->next;
        std::free(block);
      }
      // Blocks that are released after this go straight back to the allocator.
      list.length = most_kept_blocks;
    }
  }
};
thread_local ThreadCleanup thread_cleanup;

void* allocate(std::size_t size) {
  void* block = std::malloc(size);
  if (block == nullptr) throw std::bad_alloc();
  return block;
}

}  // namespace

void* allocate_new_block(std::size_t class_index) {
  static_cast<void>(&thread_cleanup);
  return allocate(class_index == 0 ? block_class_bytes : class_index * block_class_bytes);
}

void* allocate_large_block(std::size_t size) { return allocate(size); }

void free_block(void* block) noexcept { std::free(block); }

}  // namespace concert::detail
