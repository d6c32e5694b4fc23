/* model.h -- what the guest's processor has, and what the host's has. */
/* SPDX-License-Identifier: MIT */
#ifndef X86CPU_MODEL_H
#define X86CPU_MODEL_H

#include "insns.h"

#include <x86cpu/x86cpu.h>

/* Results of CPUID. */
struct xcpu_leaf {
    uint32_t number; /* EAX before */
    uint32_t eax, ebx, ecx, edx;
};

/* Whether instructions of a feature exist in a model. */
int xcpu_model_has(enum xcpu_model model, enum xcpu_feature feature);

/* What CPUID gives for a leaf, or for one that the model does not have. */
struct xcpu_leaf xcpu_model_leaf(enum xcpu_model model, uint32_t number);

/*
 * A bit for each enum xcpu_feature whose instructions the host executes as
 * they are: 0 where it is no x86-64. Asks CPUID, which is slow.
 */
uint32_t xcpu_host_features(void);

#endif
