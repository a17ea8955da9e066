# A boot sector that does what every 64-bit kernel does early, then says so on the serial port:
# paging and long mode, a locked 16-byte exchange, a BMI2 shift, descriptor tables, an interrupt.
        .code16
        .globl _start
_start: cli
        xor     %ax, %ax
        mov     %ax, %ds
        mov     %ax, %es
        mov     %ax, %ss
        mov     $0x7c00, %sp
        mov     $0x1000, %edi           # three page tables at 0x1000, zeroed
        mov     %edi, %cr3
        xor     %eax, %eax
        mov     $0xc00, %ecx
        cld
        rep stosl %eax, %es:(%di)
        movw    $0x2003, 0x1000
        movw    $0x3003, 0x2000
        movw    $0x0083, 0x3000         # the first 2 MiB, as one page
        mov     $0xa0, %eax             # physical address extension, global pages
        mov     %eax, %cr4
        mov     $0xc0000080, %ecx       # EFER
        rdmsr
        or      $0x100, %eax            # long mode
        wrmsr
        mov     %cr0, %eax
        or      $0x80000001, %eax
        lgdt    gdtr
        mov     %eax, %cr0
        ljmp    $8, $long

        .code64
long:   mov     $16, %eax
        mov     %eax, %ds
        mov     %eax, %ss
        mov     $0x7c00, %esp
        # an interrupt through a table of our own: vector 3 goes to `trap`
        mov     $0x5000, %edi
        movl    $(8 << 16), 0x30(%rdi)
        mov     $trap, %eax
        mov     %ax, 0x30(%rdi)
        movw    $0x8e00, 0x34(%rdi)
        movq    $0, 0x36(%rdi)
        lidt    idtr
        xor     %ebx, %ebx
        mov     $50000, %ebp
again:  xor     %eax, %eax
        xor     %edx, %edx
        mov     $0x6000, %edi
        lock cmpxchg16b (%rdi)
        mov     %cr3, %rax
        mov     %rax, %cr3
        dec     %ebp
        jnz     again
        mov     $7, %eax
        xor     %ecx, %ecx
        cpuid
        bt      $8, %ebx                # BMI2
        jnc     1f
        mov     $3, %ecx
        shlx    %rcx, %rax, %rdx
1:      int3
        cmp     $0x7e57, %r8d
        jne     halt
        mov     $text, %esi
say:    lodsb
        test    %al, %al
        jz      halt
        mov     %al, %ah
        mov     $0x3fd, %dx             # line status of the first serial port
2:      in      %dx, %al
        test    $0x20, %al
        jz      2b
        mov     %ah, %al
        mov     $0x3f8, %dx
        out     %al, %dx
        jmp     say
halt:   hlt
        jmp     halt
trap:   mov     $0x7e57, %r8d
        iretq

text:   .asciz  "INTEROP-GUEST-RAN\n"
        .balign 8
gdt:    .quad   0
        .quad   0x00af9a000000ffff      # 64-bit code
        .quad   0x00cf92000000ffff      # data
gdtr:   .word   . - gdt - 1
        .long   gdt
idtr:   .word   0x3ff
        .quad   0x5000
        .org    510
        .word   0xaa55
